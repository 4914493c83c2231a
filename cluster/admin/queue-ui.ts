import { createRequire } from "node:module";
import type { Queue } from "bullmq";
import type { Config } from "../../src/config/config.js";
import type { Logger } from "../../src/telemetry/log/log.js";
import { reply, type Visit } from "./answer.js";
import { BoardServer } from "./queue-ui-server.js";

/** Maximum queues on the page. Each shown queue costs Redis some commands at every refresh. */
const maxQueues = 100;

/** The source of the queues: Posta's own list. */
interface QueueHandles {
  first(count: number): Promise<Queue[]>;
}

interface Loaded {
  board: QueueHandles;
  server: BoardServer;
  show(queues: Queue[]): void;
}

/**
 * bull-board at /queues. The first visit loads bull-board and BullMQ. Together they take about 30 MiB, which a primary
 * without visits saves. Only POSTA_QUEUE_UI_WRITE=1 lets the UI change anything.
 */
export class QueueUi {
  private loading: Promise<Loaded> | undefined;

  constructor(
    private readonly config: Config,
    private readonly openQueueHandles: () => Promise<QueueHandles>,
    private readonly log: Logger,
  ) {}

  async answer(visit: Visit): Promise<void> {
    const { request, response } = visit;
    if (request.method !== "GET" && request.method !== "HEAD" && !this.config.queueUiWrite) {
      reply(
        response,
        405,
        "text/plain",
        "the queue UI only shows; POSTA_QUEUE_UI_WRITE=1 lets it change jobs and queues\n",
      );
      return;
    }
    // The page loads its files by relative addresses, so its own address must end in "/".
    if (request.url === "/queues") {
      response.writeHead(308, { location: "/queues/" }).end();
      return;
    }
    try {
      const { board, server, show } = await this.load();
      if (server.isAboutQueues(request)) show(await board.first(maxQueues));
      await server.answer(visit);
    } catch (error) {
      this.log.warn({ err: error }, "the queue UI could not answer");
      if (!response.headersSent)
        reply(response, 503, "application/json", '{"error":"the queues cannot be read now"}\n');
    }
  }

  private load(): Promise<Loaded> {
    this.loading ??= this.create().catch((error) => {
      this.loading = undefined; // The next visit tries again.
      throw error;
    });
    return this.loading;
  }

  private async create(): Promise<Loaded> {
    const board = await this.openQueueHandles();
    const require = createRequire(import.meta.url);
    const { createBullBoard } = require("@bull-board/api") as typeof import("@bull-board/api");
    const { BullMQAdapter } =
      require("@bull-board/api/bullMQAdapter") as typeof import("@bull-board/api/bullMQAdapter");
    const readOnlyMode = !this.config.queueUiWrite;
    const server = new BoardServer("/queues");
    const options = {
      uiConfig: {
        boardTitle: readOnlyMode ? "Posta (read-only)" : "Posta",
        // All queues share one list of Redis' clients: BullMQ's own would list them for each queue.
        showWorkers: true,
        hideDocsLink: true,
        pollingInterval: { showSetting: true },
        miscLinks: [{ text: "Status", url: "/" }],
      },
    };
    const { replaceQueues } = createBullBoard({ queues: [], serverAdapter: server, options });
    const adapters = new WeakMap<Queue, InstanceType<typeof BullMQAdapter>>();
    const adapt = (queue: Queue) => {
      const adapter = adapters.get(queue) ?? new BullMQAdapter(queue, { readOnlyMode });
      adapters.set(queue, adapter);
      return adapter;
    };
    return { board, server, show: (queues) => replaceQueues(queues.map(adapt)) };
  }
}

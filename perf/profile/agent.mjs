// What `make profile-*` put into each server process, by --import: it dials in at PROFILE_SOCKET, and does there what it is
// told, a line of JSON each way. Plain JavaScript, so that no loader runs in the process that is measured.
// The answers' shapes are in agents.ts.
import cluster from "node:cluster";
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { connect } from "node:net";
import { constants, monitorEventLoopDelay, PerformanceObserver, performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString, writeHeapSnapshot } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

let session;
let watch;
let loop = performance.eventLoopUtilization();

const commands = {
  /** The share of the time since it was last asked in which the event loop was not waiting. */
  "loop-use"() {
    const before = loop;
    loop = performance.eventLoopUtilization();
    return performance.eventLoopUtilization(loop, before).utilization;
  },
  /** Samples the stack every 200 us, or as often as the machine allows. */
  async "cpu-start"() {
    session = new Session();
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: 200 });
    await session.post("Profiler.start");
  },
  async "cpu-stop"({ file }) {
    const { profile } = await session.post("Profiler.stop");
    session.disconnect();
    writeFileSync(file, JSON.stringify(profile));
  },
  /** Stops the process for as long as it takes: a second or two for each 50 MB of heap. */
  snapshot({ file }) {
    writeHeapSnapshot(file);
  },
  /** More than once, with a pause: what finalisers and closing sockets let go is collected too. */
  async "collect-garbage"() {
    for (let round = 0; round < 4; round += 1) {
      collectGarbage();
      await sleep(250);
    }
  },
  "watch-start"() {
    watch = startWatch();
  },
  "watch-stop"() {
    return watch.stop();
  },
};

/** Gathers what perf/profile/diagnosis.ts judges. */
function startWatch() {
  const heapMibAtStart = measureHeap();
  const begun = performance.now();
  const resourcesAtStart = countResources();
  const loop = performance.eventLoopUtilization();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const pauses = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries()) pauses.push({ ms: duration, major: isMajor(detail.kind) });
  });
  observer.observe({ entryTypes: ["gc"] });
  return {
    stop() {
      observer.disconnect();
      delay.disable();
      // The histogram has the time between two ticks of a 1 ms timer: what is beyond that 1 ms is delay.
      const ms = (ns) => Math.max(0, ns / 1e6 - 1);
      const figures = {
        seconds: (performance.now() - begun) / 1000,
        delayMs: { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) },
        loopUse: performance.eventLoopUtilization(loop).utilization,
        pauses,
        resourcesAtStart,
        resources: countResources(),
      };
      return { ...figures, heapMibAtStart, heapMib: measureHeap() };
    },
  };
}

/** What is left after a garbage collection, in MiB: what the calls of the moment hold is in it. */
function measureHeap() {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function isMajor(kind) {
  return kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

/** What keeps the process alive (handles) or is under way (requests), by type: { TCPSocketWrap: 9 }. */
function countResources() {
  const counts = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

async function answer(line) {
  const { command, ...options } = JSON.parse(line);
  try {
    return { result: await commands[command](options) };
  } catch (error) {
    return { error: error.message };
  }
}

// Builds from before there were other children name none.
if (cluster.isWorker && process.argv[2] !== "delivery") {
  const socket = connect(process.env.PROFILE_SOCKET);
  socket.unref();
  socket.on("error", () => {}); // The profiler is gone; the server goes on.
  socket.write(`${JSON.stringify({ pid: process.pid })}\n`);
  createInterface({ input: socket }).on("line", async (line) => {
    socket.write(`${JSON.stringify(await answer(line))}\n`);
  });
}

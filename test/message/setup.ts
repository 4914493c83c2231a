import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Token } from "../../src/message/whatsapp/token.js";
import { WhatsAppClient } from "../../src/message/whatsapp/whatsapp.js";

/** A phone number id, and a request body for a recipient. */
export const sender = "106540352242922";
export const recipient = "15551234567";

export function textBody(bizId: string, to = recipient): string {
  return JSON.stringify({
    messaging_product: "whatsapp",
    to,
    type: "text",
    text: { body: "hello" },
    biz_opaque_callback_data: bizId,
  });
}

/** A token that is a setting. */
export function fixedToken(whatsappToken = "test-token"): Token {
  return new Token({ whatsappToken, whatsappTokenFile: undefined });
}

export function createClient(url: string, timeoutMs = 5000, token = fixedToken()): WhatsAppClient {
  return new WhatsAppClient({ url, version: "v26.0", timeoutMs }, token);
}

/** A server that does with each connection what the test says; it counts them. */
export async function startSocketServer(onConnection: (socket: Socket, index: number) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
    onConnection(socket, sockets.length - 1);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    sockets,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

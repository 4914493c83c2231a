import { connect } from "node:net";

const protocolVersion = 0x30000;
const terminate = Buffer.from([0x58, 0, 0, 0, 4]);
const authentication = "R".charCodeAt(0);

/**
 * Whether PostgreSQL lets this user into this database. While PostgreSQL starts, it already listens, but refuses
 * sessions. This function speaks PostgreSQL's protocol itself, so that the primary need not load a client for one
 * question.
 */
export function acceptsSessions(socket: string, user: string, database: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => connection.write(startupMessage(user, database)));
    connection.once("data", (answer) => {
      resolve(answer[0] === authentication);
      connection.end(terminate);
    });
    connection.once("error", () => resolve(false));
    connection.once("close", () => resolve(false));
  });
}

function startupMessage(user: string, database: string): Buffer {
  const parameters = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(protocolVersion, 4);
  return Buffer.concat([head, parameters]);
}

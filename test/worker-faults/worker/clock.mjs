import { readFileSync } from "node:fs";

/**
 * Loaded by `node --import`: shifts Date of this process by the milliseconds that a file says, whose name is
 * FAULT_CLOCKS and the process id. The file may change while the process runs.
 */
const path = `${process.env.FAULT_CLOCKS}/${process.pid}`;
const RealDate = Date;
let shiftMs = 0;

function read() {
  try {
    shiftMs = Number(readFileSync(path, "utf8")) || 0;
  } catch {
    shiftMs = 0;
  }
}

if (process.env.FAULT_CLOCKS) setInterval(read, 100).unref();

const realNow = RealDate.now;
RealDate.now = () => realNow() + shiftMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) => Reflect.construct(target, args.length > 0 ? args : [target.now()], made),
});

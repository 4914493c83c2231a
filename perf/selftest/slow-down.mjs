// What `make perf-selftest` puts into the processes of a cluster, by --import, to make it slower: PERF_SLOW=AddJob=120us works
// so much longer for each such call, PERF_SLOW=AddJob=150ms lets it wait. Plain JavaScript, so that no loader runs in the
// processes that are measured.
import { createRequire } from "node:module";

const [, method, amount, unit] = /^(\w+)=(\d+)(us|ms)$/.exec(process.env.PERF_SLOW ?? "") ?? [];
if (!method) throw new Error(`PERF_SLOW: ${process.env.PERF_SLOW} is not as AddJob=120us or AddJob=150ms`);

const { Server } = createRequire(import.meta.url)("@grpc/grpc-js");
const { addService } = Server.prototype;
let isFound = false;

Server.prototype.addService = function add(definition, handlers) {
  const names = Object.keys(definition).filter((name) => definition[name].path.endsWith(`/${method}`));
  for (const name of names) {
    isFound = true;
    const handler = handlers[name] ?? handlers[definition[name].originalName];
    handlers = { ...handlers, [name]: unit === "us" ? working(handler) : waiting(handler) };
  }
  return addService.call(this, definition, handlers);
};

function working(handler) {
  return (...call) => {
    const until = performance.now() + amount / 1000;
    while (performance.now() < until);
    handler(...call);
  };
}

function waiting(handler) {
  return (...call) => void setTimeout(() => handler(...call), Number(amount));
}

if (process.argv.includes("server")) {
  setTimeout(() => {
    if (!isFound) throw new Error(`PERF_SLOW: no server has a method ${method}`);
  }, 5000).unref();
}

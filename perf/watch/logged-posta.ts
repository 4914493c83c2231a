/**
 * Runs a Posta whose log goes to this process' standard error, which is whatever its parent made it. Reads settings as
 * JSON from the command line; says "ready", and stops when its standard input ends.
 */
import { once } from "node:events";
import { startPosta } from "../bench/processes.js";

const [port, settings] = process.argv.slice(2);
const posta = await startPosta(Number(port), [], JSON.parse(settings as string) as Record<string, string>);
console.log("ready");
await once(process.stdin.resume(), "end");
await posta.stop();

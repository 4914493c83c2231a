import { takePorts } from "../../perf/bench/ports.js";

/** Three ports in a row of the private cluster: gRPC, admin, HTTP. A cluster that is compared with it begins at `otherPort`. */
export const port = await takePorts(3);
export const otherPort = await takePorts(3);

/** A code of google.rpc.Code as the Connect protocol shows it. */
export interface ConnectCode {
  /** The code's name in error bodies. */
  readonly name: string;
  /** The status of the HTTP answer. */
  readonly http: number;
  /** The code's name in the log, which is gRPC's name. */
  readonly label: string;
}

/** In the order of the codes' numbers; the first stands for OK. */
const codes: readonly ConnectCode[] = [
  ["ok", 200],
  ["canceled", 499],
  ["unknown", 500],
  ["invalid_argument", 400],
  ["deadline_exceeded", 504],
  ["not_found", 404],
  ["already_exists", 409],
  ["permission_denied", 403],
  ["resource_exhausted", 429],
  ["failed_precondition", 400],
  ["aborted", 409],
  ["out_of_range", 400],
  ["unimplemented", 501],
  ["internal", 500],
  ["unavailable", 503],
  ["data_loss", 500],
  ["unauthenticated", 401],
].map(([name, http]) => ({ name: String(name), http: Number(http), label: toLabel(String(name)) }));

/** The codes that this transport sets itself. All other codes come from the error map in src/rpc/status.ts. */
export const [okCode, unknownCode, unimplementedCode] = [0, 2, 12] as const;

/** The code of a number of google.rpc.Code. */
export function connectCode(number: number): ConnectCode {
  return codes[number] ?? (codes[unknownCode] as ConnectCode);
}

/** gRPC writes "canceled" with two l. */
function toLabel(name: string): string {
  return name === "canceled" ? "CANCELLED" : name.toUpperCase();
}

/** What Posta and the independent tool are both asked of one access log. */
export interface Answers {
  requests: number;
  bytes: number;
  /** Requests by status. */
  byStatus: Map<string, number>;
  /** Requests by minute, "16:02". */
  byMinute: Map<string, number>;
  /** Requests by page, those asked for most. */
  topPages: [string, number][];
  /** Different clients. */
  clients: number;
}

/** HyperLogLog's standard error in Redis is 0.81 %: three of them. */
const allowedClientsError = 0.0243;

/** Each difference as a line; none: they agree, and in all but the number of clients to the last event. */
export function findDifferences(posta: Answers, tool: Answers): string[] {
  const clientsError = Math.abs(posta.clients / tool.clients - 1);
  return [
    ...differs("requests", posta.requests, tool.requests),
    ...differs("bytes", posta.bytes, tool.bytes),
    ...differInMaps("status", posta.byStatus, tool.byStatus),
    ...differInMaps("minute", posta.byMinute, tool.byMinute),
    ...differInMaps("page", new Map(posta.topPages), new Map(tool.topPages)),
    ...(clientsError > allowedClientsError ? [`clients: Posta ${posta.clients}, awk ${tool.clients}`] : []),
  ];
}

function differs(what: string, posta = 0, tool = 0): string[] {
  return posta === tool ? [] : [`${what}: Posta ${posta}, awk ${tool}`];
}

function differInMaps(what: string, posta: Map<string, number>, tool: Map<string, number>): string[] {
  const keys = new Set([...posta.keys(), ...tool.keys()]);
  return [...keys].flatMap((key) => differs(`${what} ${key}`, posta.get(key), tool.get(key)));
}

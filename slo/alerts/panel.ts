/** A line of a panel: an expression, and what it is called there. */
interface Query {
  expr: string;
  legend: string;
}

/** What a panel shows. */
export interface Panel {
  title: string;
  /** As Grafana names it: "s", "percentunit", "bytes", "ops", "short". */
  unit: string;
  queries: Query[];
  /** A line where the objective is. */
  objective?: number;
}

/** Over how long rates are taken: Grafana fits it to what is shown. */
export const window = "$__rate_interval";

/** A panel of lines, each an expression and its legend. */
export function panel(title: string, unit: string, ...queries: [expr: string, legend: string][]): Panel {
  return { title, unit, queries: queries.map(([expr, legend]) => ({ expr, legend })) };
}

/** Panels under one heading. */
export interface Row {
  title: string;
  panels: Panel[];
}

const columns = 3;
const size = { w: 24 / columns, h: 8 };
const source = { type: "prometheus", uid: ["$", "{source}"].join("") };

/** Rows as Grafana lays them out: headings, and under each its panels, three beside each other. */
export function layOut(rows: readonly Row[]): object[] {
  const laidOut: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    laidOut.push({ type: "row", id: laidOut.length + 1, title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 } });
    for (const [index, panel] of panels.entries()) {
      const gridPos = { x: (index % columns) * size.w, y: y + 1 + Math.floor(index / columns) * size.h, ...size };
      laidOut.push(draw(panel, laidOut.length + 1, gridPos));
    }
    y += 1 + Math.ceil(panels.length / columns) * size.h;
  }
  return laidOut;
}

function draw({ title, unit, queries, objective }: Panel, id: number, gridPos: object): object {
  const steps = [
    { color: "green", value: null },
    ...(objective === undefined ? [] : [{ color: "red", value: objective }]),
  ];
  const custom = { fillOpacity: 5, thresholdsStyle: { mode: objective === undefined ? "off" : "line" } };
  return {
    type: "timeseries",
    id,
    title,
    gridPos,
    datasource: source,
    fieldConfig: { defaults: { unit, min: 0, custom, thresholds: { mode: "absolute", steps } }, overrides: [] },
    options: { tooltip: { mode: "multi", sort: "desc" }, legend: { displayMode: "list", placement: "bottom" } },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: source,
      expr,
      legendFormat: legend,
    })),
  };
}

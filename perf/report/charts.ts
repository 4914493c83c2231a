/** A limit that a chart marks across. */
export interface Mark {
  value: number;
  label: "objective" | "critical";
}

/** A line of a chart: points by x, in the order of x. */
export interface Line {
  name: string;
  points: [x: number, y: number][];
}

const [width, height] = [640, 220];
const pad = { left: 84, right: 12, top: 12, bottom: 30 };
const [plotWidth, plotHeight] = [width - pad.left - pad.right, height - pad.top - pad.bottom];

/** Figures over time. Points that are missing leave a gap. */
export function lineChart(lines: Line[], unit: string, marks: Mark[] = []): string {
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) return "";
  const shownMarks = visible(marks, Math.max(...points.map(([, y]) => y)));
  const top = 1.05 * Math.max(...points.map(([, y]) => y), ...shownMarks.map(({ value }) => value), 1e-9);
  const lastX = Math.max(...points.map(([x]) => x), 1);
  const x = (at: number) => pad.left + (at / lastX) * plotWidth;
  const y = (value: number) => pad.top + plotHeight * (1 - value / top);
  const paths = lines.map(({ points: own }, index) => {
    const path = own.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(" ");
    return `<polyline class="line line-${index}" points="${path}"/>`;
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => yTick(y(top * share), top * share, unit));
  const xTicks = [0, 0.5, 1].map((share) => xTick(x(lastX * share), `${Math.round(lastX * share)} s`));
  return frame([...ticks, ...xTicks, ...paths, ...shownMarks.map((mark) => yMark(y(mark.value), mark))], legend(lines));
}

/** How many calls took how long; the x axis grows by powers. */
export function histogram(bars: { upToMs: number; calls: number }[], marks: Mark[]): string {
  if (bars.length === 0) return "";
  const longest = Math.max(...bars.map(({ upToMs }) => upToMs));
  const shownMarks = visible(marks, longest);
  const [low, high] = [Math.log(0.08), Math.log(1.1 * Math.max(longest, ...shownMarks.map(({ value }) => value)))];
  const x = (ms: number) => pad.left + ((Math.log(Math.max(ms, 0.08)) - low) / (high - low)) * plotWidth;
  const most = Math.max(...bars.map(({ calls }) => calls));
  const rects = bars.map(({ upToMs, calls }) => {
    const [from, until] = [x(upToMs / 1.25), x(upToMs)];
    // A single slow call must be seen beside a hundred thousand fast ones: the height goes by the logarithm.
    const tall = Math.max(2, (Math.log1p(calls) / Math.log1p(most)) * plotHeight);
    const place = `x="${from.toFixed(1)}" y="${(pad.top + plotHeight - tall).toFixed(1)}"`;
    const size = `width="${Math.max(1, until - from - 1).toFixed(1)}" height="${tall.toFixed(1)}"`;
    return `<rect class="bar" ${place} ${size}><title>up to ${upToMs} ms: ${calls} calls</title></rect>`;
  });
  const decades = [0.1, 1, 10, 100, 1000, 10_000].filter((ms) => x(ms) >= pad.left && x(ms) <= width - pad.right);
  const xTicks = decades.map((ms) => xTick(x(ms), `${ms} ms`));
  return frame([...xTicks, ...rects, ...shownMarks.map((mark) => xMark(x(mark.value), mark))], "");
}

/** A value against its two limits, as a bar. */
export function bullet(value: number, objective: number, critical: number, verdict: string): string {
  const top = 1.1 * Math.max(value, objective, critical);
  const x = (of: number) => ((of / top) * 100).toFixed(2);
  const line = (at: number, kind: string) => `<line class="mark ${kind}" x1="${x(at)}" x2="${x(at)}" y1="0" y2="12"/>`;
  return `<svg class="bullet" viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label="${verdict}"><rect class="${verdict}" x="0" y="3" width="${x(value)}" height="6"/>${line(objective, "objective")}${line(critical, "critical")}</svg>`;
}

/** A limit far above all values would flatten them: it is left out, and the table has it. */
function visible(marks: Mark[], highest: number): Mark[] {
  return marks.filter(({ value }) => value <= highest * 20);
}

function frame(parts: string[], below: string): string {
  return `<figure><svg viewBox="0 0 ${width} ${height}" role="img">${parts.join("")}</svg>${below}</figure>`;
}

function legend(lines: Line[]): string {
  const items = lines.map(({ name }, index) => `<span class="key key-${index}">${name}</span>`);
  return `<figcaption>${items.join(" ")}</figcaption>`;
}

function yTick(y: number, value: number, unit: string): string {
  const text = `${value >= 10 ? Math.round(value) : value.toFixed(1)} ${unit}`;
  return `<line class="grid" x1="${pad.left}" x2="${width - pad.right}" y1="${y}" y2="${y}"/><text x="${pad.left - 4}" y="${y + 4}" text-anchor="end">${text}</text>`;
}

function xTick(x: number, text: string): string {
  return `<line class="grid" x1="${x}" x2="${x}" y1="${pad.top}" y2="${pad.top + plotHeight}"/><text x="${x}" y="${height - 10}" text-anchor="middle">${text}</text>`;
}

function yMark(y: number, { label }: Mark): string {
  return `<line class="mark ${label}" x1="${pad.left}" x2="${width - pad.right}" y1="${y}" y2="${y}"/><text class="${label}" x="${width - pad.right}" y="${y - 3}" text-anchor="end">${label}</text>`;
}

function xMark(x: number, { label }: Mark): string {
  const y = label === "objective" ? pad.top + 10 : pad.top + 24;
  return `<line class="mark ${label}" x1="${x}" x2="${x}" y1="${pad.top}" y2="${pad.top + plotHeight}"/><text class="${label}" x="${x - 3}" y="${y}" text-anchor="end">${label}</text>`;
}

/** What runs in the flame graph's page, on `data` (see flame-html.ts): draws, zooms and searches. Plain browser script. */
export const flameScript = `
const rowPx = 22, leastPx = 0.8;
const flame = document.getElementById("flame"), detail = document.getElementById("detail"), search = document.getElementById("search");
let nextId = 0;
const read = ([name, place, ms, selfMs, children], parent) => {
  const frame = { name, place, ms, selfMs, parent, id: nextId++ };
  frame.children = children.map((child) => read(child, frame));
  return frame;
};
const all = read(data);
let focus = all;

const share = (ms) => (100 * ms / all.ms).toFixed(1) + "%";
const kind = ({ place }) => /^(src|cluster)\\//.test(place) ? "posta" : place.startsWith("node:") ? "node" : place === "native" || place === "" ? "native" : "package";
const matches = ({ name, place }) => search.value !== "" && (name + " " + place).toLowerCase().includes(search.value.toLowerCase());
const describe = ({ name, place, ms, selfMs }) => name + (place ? "  " + place : "") + ": " + ms.toFixed(1) + " ms, " + share(ms) + "; in itself " + selfMs.toFixed(1) + " ms, " + share(selfMs);

const label = ({ name, place }) => name === "(anonymous)" && place !== "native" ? "(" + place.split("/").pop() + ")" : name;

// A found frame inside another found one is counted with it.
const foundMs = (frame) => matches(frame) ? frame.ms : frame.children.reduce((sum, child) => sum + foundMs(child), 0);
const say = (frame) => {
  detail.textContent = describe(frame) + (search.value === "" ? "" : ". Found: " + share(foundMs(all)) + " of all");
};

function button(frame, row, left, width) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = kind(frame) + (matches(frame) ? " found" : "") + (row < depth(focus) ? " above" : "");
  element.style.cssText = "top:" + row * rowPx + "px;left:" + left + "%;width:" + width + "%";
  element.title = describe(frame);
  if (width * flame.clientWidth / 100 > 20) element.textContent = label(frame);
  element.addEventListener("click", () => zoom(frame));
  element.addEventListener("pointerenter", () => say(frame));
  element.addEventListener("focus", () => say(frame));
  return element;
}

function depth({ parent }) {
  return parent ? depth(parent) + 1 : 0;
}

function draw() {
  const parts = document.createDocumentFragment();
  let rows = 0;
  const place = (frame, row, left, width) => {
    if (width * flame.clientWidth / 100 < leastPx) return;
    rows = Math.max(rows, row + 1);
    parts.append(button(frame, row, left, width));
    let at = left;
    for (const child of frame.children) {
      const own = width * child.ms / frame.ms;
      place(child, row + 1, at, own);
      at += own;
    }
  };
  for (let above = focus.parent; above; above = above.parent) parts.append(button(above, depth(above), 0, 100));
  place(focus, depth(focus), 0, 100);
  flame.replaceChildren(parts);
  flame.style.height = rows * rowPx + "px";
  say(focus);
}

function zoom(frame) {
  focus = frame;
  draw();
}

document.getElementById("reset").addEventListener("click", () => { search.value = ""; zoom(all); });
document.addEventListener("keydown", ({ key }) => { if (key === "Escape") zoom(all); });
search.addEventListener("input", draw);
addEventListener("resize", draw);
draw();
`;

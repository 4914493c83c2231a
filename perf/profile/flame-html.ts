import { flameScript } from "./flame-script.js";
import type { Flame } from "./flame-tree.js";

/** As the page's script reads it: name, place, time in ms, time in itself, children. */
type Packed = [name: string, place: string, ms: number, selfMs: number, children: Packed[]];

const style = `
:root { color-scheme: light dark; --back: #fff; --text: #1c2024; --faint: #687076; --rule: #d7dbdf; --posta: #ffb38a; --package: #ffe08a; --node: #b8d4f5; --native: #d3d7db; --found: #c026d3; }
@media (prefers-color-scheme: dark) { :root { --back: #151718; --text: #ecedee; --faint: #9ba1a6; --rule: #313538; --posta: #9c4a1c; --package: #6d5612; --node: #24466e; --native: #3d4347; --found: #e879f9; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.3rem; margin: 0 0 .25rem; } p { margin: 0 0 .5rem; color: var(--faint); }
.bar { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .5rem 0; }
input, .bar button { font: inherit; padding: .4rem .6rem; border: 1px solid var(--rule); border-radius: 6px; background: var(--back); color: var(--text); }
input { flex: 1 1 12rem; min-width: 0; }
.key span { white-space: nowrap; margin-right: .8em; } .key span::before { content: ""; display: inline-block; width: .8em; height: .8em; margin-right: .3em; border-radius: 2px; background: var(--own); }
#detail { position: sticky; top: 0; z-index: 1; min-height: 3.2em; padding: .3rem 0; background: var(--back); overflow-wrap: anywhere; }
#flame { position: relative; }
#flame button { position: absolute; height: 21px; margin: 0; padding: 0; border: 0; box-shadow: inset -1px 0 var(--back); border-radius: 2px; background: var(--own); color: var(--text); font: 12px/21px ui-monospace, monospace; text-indent: 3px; text-align: left; overflow: hidden; white-space: nowrap; cursor: pointer; }
#flame button.above { opacity: .6; } #flame button.found { box-shadow: inset 0 0 0 2px var(--found); } #flame button:focus-visible { outline: 2px solid var(--text); }
.posta { --own: var(--posta); } .package { --own: var(--package); } .node { --own: var(--node); } .native { --own: var(--native); }
`;

/** A flame graph as a page of its own: to click into, to search, light or dark, on a phone too. `lines` stand above it. */
export function renderFlame(title: string, lines: string[], flame: Flame): string {
  // In a script, "</script>" and "<!--" would be read as HTML.
  const data = JSON.stringify(pack(flame)).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${style}</style></head><body>
<h1>${escapeHtml(title)}</h1>
${lines.map((line) => `<p>${escapeHtml(line)}</p>`).join("\n")}
<p>A frame is as wide as its share of the busy time; below it is what it called. Click one to see it at full width.</p>
<p class="key"><span class="posta">Posta</span><span class="package">packages</span><span class="node">Node</span><span class="native">native</span></p>
<div class="bar"><input id="search" type="search" placeholder="Search a function or a file" aria-label="Search"><button id="reset" type="button">Show all</button></div>
<div id="detail" role="status"></div>
<div id="flame"></div>
<script>const data = ${data};${flameScript}</script>
</body></html>
`;
}

function pack({ name, place, ms, selfMs, children }: Flame): Packed {
  return [name, place, round(ms), round(selfMs), children.map(pack)];
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

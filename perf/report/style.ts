/** The report's style sheet: one column that fits a phone, and the reader's choice of light or dark. */
export const style = `
:root { color-scheme: light dark; --back: #fff; --text: #1c2024; --faint: #687076; --rule: #d7dbdf; --good: #18794e; --warn: #ad5700; --bad: #cd2b31; --line-0: #0b68cb; --line-1: #8145b5; --line-2: #18794e; }
@media (prefers-color-scheme: dark) { :root { --back: #151718; --text: #ecedee; --faint: #9ba1a6; --rule: #313538; --good: #4cc38a; --warn: #ffb224; --bad: #ff6369; --line-0: #52a9ff; --line-1: #bf7af0; --line-2: #4cc38a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1rem; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p, li, h3 { overflow-wrap: anywhere; } p, li { color: var(--faint); } .scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { color: var(--faint); font-weight: 600; } td.number { text-align: right; }
.verdict { font-weight: 700; } .met { color: var(--good); fill: var(--good); } .missed, .busy { color: var(--warn); fill: var(--warn); } .critical, .broken { color: var(--bad); fill: var(--bad); } .none { color: var(--faint); }
figure { margin: .5rem 0 1rem; } svg { width: 100%; height: auto; } svg text { fill: var(--faint); font-size: 11px; } svg text.critical { fill: var(--bad); } svg text.objective { fill: var(--warn); }
.bullet { width: 8rem; height: 12px; } .grid { stroke: var(--rule); stroke-width: 1; } .bar { fill: var(--line-0); }
.line { fill: none; stroke-width: 1.5; } .mark { stroke-width: 1.5; stroke-dasharray: 4 3; } .mark.objective { stroke: var(--warn); } .mark.critical { stroke: var(--bad); }
.line-0 { stroke: var(--line-0); } .line-1 { stroke: var(--line-1); } .line-2 { stroke: var(--line-2); }
figcaption { font-size: .85rem; color: var(--faint); } .key::before { content: ""; display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .6em; border-radius: 2px; }
.key-0::before { background: var(--line-0); } .key-1::before { background: var(--line-1); } .key-2::before { background: var(--line-2); }
@media (max-width: 40rem) { th, td { padding: .3rem .2rem; font-size: .72rem; } td { white-space: normal; } th { white-space: nowrap; } td:nth-child(7), th:nth-child(7) { display: none; } svg text { font-size: 18px; } }
`;

"""The report's style sheet: the window's colours, light and dark, and paper."""

from __future__ import annotations

STYLE = """
:root {
  --window: #efeeea; --surface: #f9f8f5; --line: #d9d6cf; --edge: #85817a; --text: #1f2327;
  --muted: #595f66; --accent: #1f5fbf; --warn: #855600; --warn-soft: #f6ecd6; --fault: #b54a00;
  --above: #1f5fbf; --below: #b54a00; --count: #17734a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --window: #1e2124; --surface: #25292d; --line: #373c42; --edge: #7a838c; --text: #e7e9eb;
    --muted: #a8b0b8; --accent: #7fb0f5; --warn: #e3a93f; --warn-soft: #38301f; --fault: #f07c2c;
    --above: #7fb0f5; --below: #f07c2c; --count: #4fc48d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--window); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  -webkit-print-color-adjust: exact; print-color-adjust: exact;
}
main {
  max-width: 1120px; margin: 0 auto; padding: 32px 24px 64px; display: grid; gap: 16px;
  grid-template-columns: minmax(0, 1fr);
}
.cards { columns: 2; column-gap: 16px; }
.cards section { break-inside: avoid; margin-bottom: 16px; }
h1 { margin: 0; font-size: 30px; line-height: 1.2; font-weight: 650; overflow-wrap: anywhere; }
.headline { margin: 8px 0 0; font-size: 18px; max-width: 62ch; overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 20px 0 0; padding: 0; }
.figures div { display: flex; flex-direction: column-reverse; }
.figures dt { color: var(--muted); font-size: 13px; }
.figures dd { margin: 0; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
section {
  min-width: 0; background: var(--surface); border: 1px solid var(--line); border-radius: 8px;
  padding: 18px 20px;
}
h2 { margin: 0 0 10px; font-size: 16px; font-weight: 650; }
h3 { margin: 18px 0 6px; font-size: 14px; font-weight: 600; }
p { margin: 0 0 10px; max-width: 75ch; }
p:last-child { margin-bottom: 0; }
.note { color: var(--muted); font-size: 13px; }
.callout {
  background: var(--warn-soft); border: 1px solid var(--warn); border-radius: 8px;
  padding: 12px 20px;
}
.callout h2 { color: var(--warn); margin-bottom: 4px; }
.callout ul, section ul { margin: 0; padding-left: 18px; }
.callout li, section li { max-width: 90ch; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: 0 0 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: 13px; padding-bottom: 4px; }
th, td { padding: 5px 8px; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--muted); font-size: 13px; font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 500; }
.word { text-align: left; overflow-wrap: break-word; max-width: 420px; }
.number { text-align: right; white-space: nowrap; }
thead .number { white-space: normal; overflow-wrap: break-word; }
.mark { color: var(--warn); white-space: nowrap; }
.mono { font: 13px/1.5 ui-monospace, Consolas, "DejaVu Sans Mono", monospace; }
.mono, .mono * { overflow-wrap: anywhere; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 8px 32px; }
figure { margin: 0; min-width: 0; }
figcaption { color: var(--muted); font-size: 13px; margin-top: 6px; max-width: 75ch; }
svg { display: block; width: 100%; height: auto; max-height: 640px; }
svg text { fill: var(--text); font-size: 13px; font-variant-numeric: tabular-nums; }
svg .soft { fill: var(--muted); font-size: 12px; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .zero { stroke: var(--edge); stroke-width: 1; stroke-dasharray: 3 3; }
svg .own { stroke: var(--accent); stroke-width: 3; stroke-linecap: round; }
svg .other { stroke: var(--edge); stroke-width: 1.5; }
svg .votes { stroke: var(--edge); stroke-width: 1.5; stroke-dasharray: 2 3; }
svg .dot { fill: var(--accent); stroke: var(--surface); stroke-width: 2; }
svg .open { fill: var(--surface); stroke: var(--accent); stroke-width: 2; }
svg .above { fill: var(--above); } svg .below { fill: var(--below); }
svg .count { fill: var(--count); } svg .none { fill: none; stroke: var(--line); }
footer { color: var(--muted); font-size: 13px; }
@media (max-width: 760px) {
  main { padding: 20px 12px 40px; }
  .cards { columns: auto; }
}
@media print {
  :root {
    --window: #fff; --surface: #fff; --line: #ccc; --edge: #777; --text: #000; --muted: #444;
    --accent: #1f5fbf; --warn: #855600; --warn-soft: #fff; --above: #1f5fbf; --below: #b54a00;
    --count: #17734a;
  }
  @page { margin: 14mm; }
  body { font-size: 11px; }
  .note, figcaption, thead th, footer, .mono { font-size: 10px; }
  .headline { font-size: 14px; }
  .cards { columns: auto; }
  main { padding: 0; max-width: none; gap: 10px; }
  section, .callout, figure, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
}
"""

// Boots -> one page that needs nothing else: a legend, the picture, the same numbers as text.
import { barsHeight, drawBars, type Frame } from './bars.ts';
import { element, escapeMarkup, textAt } from './markup.ts';
import type { BootTimeline } from './read.ts';
import { drawReads, readsHeight } from './reads.ts';
import { rowsOf, type Row } from './rows.ts';
import { createScale, type Scale } from './scale.ts';
import { formatText } from './text.ts';

/** As many boots as there are colours that can be told apart. */
export const bootsMax = 6;

const lightColours = ['#0068a8', '#d95f02', '#1b8a5a', '#b0489a', '#b88600', '#5a6670'];
const darkColours = ['#58b4f0', '#ff9a56', '#4fd19b', '#ea8fd4', '#f0c04a', '#b4bec8'];

const frame: Frame = { left: 150, right: 980 };
const width = 1000;
const axisHeight = 34;
const panelGap = 40;

const colourRules = (colours: readonly string[]): string =>
  colours
    .map(
      (colour, index) =>
        `.boot-${index}{fill:${colour};background:${colour}} .line-${index}{stroke:${colour}}`,
    )
    .join('\n');

const style = `
:root{color-scheme:light dark;--ink:#1c2126;--soft:#626b74;--band:#f4f6f8;--grid:#d9dee3;--page:#fff}
${colourRules(lightColours)}
@media (prefers-color-scheme:dark){
:root{--ink:#e7eaed;--soft:#9aa4ae;--band:#1d2227;--grid:#343b42;--page:#14181c}
${colourRules(darkColours)}
}
body{margin:24px auto;max-width:1000px;padding:0 16px;background:var(--page);color:var(--ink);font:14px/1.45 system-ui,sans-serif}
h1{font-size:20px;margin:0 0 12px}
ul{list-style:none;margin:0 0 16px;padding:0}
li b{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:8px}
svg{display:block;width:100%;height:auto;font:12px system-ui,sans-serif}
svg text{fill:var(--ink)}
svg .tick,svg .value{fill:var(--soft);font-size:11px;white-space:pre}
svg .value{paint-order:stroke;stroke:var(--page);stroke-width:3px;stroke-linejoin:round}
svg .band{fill:var(--band)}
svg .grid{stroke:var(--grid);stroke-width:1}
svg polyline{fill:none;stroke-width:1.8}
pre{overflow-x:auto;font:12px/1.5 ui-monospace,monospace}
`;

const drawAxis = (scale: Scale, top: number, bottom: number): string[] =>
  scale.ticks.flatMap((tick) => [
    element('line', {
      class: 'grid',
      x1: scale.at(tick),
      x2: scale.at(tick),
      y1: top + axisHeight - 8,
      y2: bottom,
    }),
    textAt(scale.at(tick), top + axisHeight - 14, String(tick), {
      class: 'tick',
      'text-anchor': 'middle',
    }),
  ]);

const drawPicture = (boots: readonly BootTimeline[], rows: readonly Row[]): string => {
  const largest = Math.max(...rows.flatMap(({ cells }) => cells.map((cell) => cell?.seconds ?? 0)));
  const scale = createScale(largest, [frame.left, frame.right], 12);
  // Where a boot starts takes no time.
  const bars = rows.filter(({ event }) => event !== 'kernel');
  const barsBottom = axisHeight + barsHeight(bars, boots.length);
  const readsTop = barsBottom + panelGap;
  const reads = drawReads(rows, boots.length, readsTop, { frame, scale });
  const bottom = reads.length === 0 ? barsBottom : readsTop + readsHeight;
  // Bands lie below the grid.
  const [upper, grid] = [
    drawBars(bars, boots.length, axisHeight, { frame, scale }),
    drawAxis(scale, 0, bottom),
  ];
  const isBand = (part: string) => part.includes('class="band"');
  const parts = [
    ...upper.filter(isBand),
    ...grid,
    textAt(frame.left - 10, axisHeight - 14, 'seconds', { class: 'tick', 'text-anchor': 'end' }),
    ...upper.filter((part) => !isBand(part)),
    ...reads,
  ];
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${Math.ceil(bottom + 12)}`,
    role: 'img',
    'aria-label': `boots of ${boots.map(({ label }) => label).join(', ')}`,
  };
  return element('svg', attributes, `\n${parts.join('\n')}\n`);
};

/** `Ready after 24.9 s and 244.0 MiB`, or where the boot ended. */
const summaryOf = (rows: readonly Row[], boot: number): string => {
  const cellOf = (event: string) => rows.find((row) => row.event === event)?.cells[boot];
  const ready = cellOf('node-ready');
  if (ready === undefined) {
    const last = rows.findLast(({ cells }) => cells[boot] !== undefined);
    return `not Ready; the last event is ${last?.event}`;
  }
  const read = ready.readMib === undefined ? '' : ` and ${ready.readMib.toFixed(1)} MiB`;
  return `Ready after ${ready.seconds.toFixed(1)} s${read}`;
};

const legend = (boots: readonly BootTimeline[], rows: readonly Row[]): string =>
  boots
    .map(({ label }, boot) => {
      const text = escapeMarkup(`${label}: ${summaryOf(rows, boot)}`);
      return `<li><b class="boot-${boot}"></b>${text}</li>`;
    })
    .join('\n');

export const formatPage = (boots: readonly BootTimeline[]): string => {
  const rows = rowsOf(boots);
  const title = boots.length === 1 ? 'Timeline of a boot' : `Timelines of ${boots.length} boots`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<h1>${title}</h1>
<ul>
${legend(boots, rows)}
</ul>
${drawPicture(boots, rows)}
<p>A bar reaches from the boot’s event before to the event of its row. In the lines below, the large
dot is the moment when the node is Ready.</p>
<pre>${escapeMarkup(formatText(boots))}</pre>
</body>
</html>
`;
};

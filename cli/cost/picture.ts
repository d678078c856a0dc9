import { bottomLine } from './bottom-line';
import { COLUMNS, type Column, type CostTable } from './cost-table';
import { total } from './estimate';
import { dollars } from './money';
import { upstreamLines } from './upstream';

const WIDTH = 920;
const MARGIN = 24;
const LINE = 24;
const WHAT_X = 290;
const FIRST_FIGURE_X = 620;
const FIGURE_WIDTH = (WIDTH - MARGIN - FIRST_FIGURE_X) / (COLUMNS.length - 1);
const BAR_X = 170;
const BAR_WIDTH = WIDTH - BAR_X - MARGIN - 70;

const HEADS: Readonly<Record<Column, string>> = {
  onDemand: 'on demand',
  spot: 'spot',
  hours: 'hours',
  idleStop: 'idle stop',
};
const STYLE = `
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .figure { text-anchor: end; font-variant-numeric: tabular-nums }
  .head, .sum { font-weight: 600 }
  .note { font-size: 12px; fill: #59636e }
  rect.page { fill: #ffffff; stroke: #d1d9e0 }
  rect.upstream { fill: #afb8c1 }
  rect.ours { fill: #0969da }
  line { stroke: #d1d9e0 }`;

/** The table of an environment as an SVG: the same table gives the same picture. */
export function picture(table: CostTable): string {
  const parts = [bars(table), cells(table), notes(table)];
  let y = MARGIN;
  const placed = parts.map(({ content, height }) => {
    const group = `<g transform="translate(0 ${y})">\n${content.join('\n')}\n</g>`;
    y += height + MARGIN;
    return group;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${escape(bottomLine(table))}">
<style>${STYLE}
</style>
<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${y - 1}" rx="6"/>
${placed.join('\n')}
</svg>
`;
}

interface Part {
  readonly content: string[];
  readonly height: number;
}

/** One bar for upstream, and one for each way to run. */
function bars({ name, totals, asSet }: CostTable): Part {
  const upstream = total(upstreamLines(name));
  const all = [
    ...(upstream > 0 ? [{ label: `upstream’s ${name}`, usd: upstream, kind: 'upstream' }] : []),
    ...COLUMNS.map((column) => ({ label: barLabel(column, asSet.market), usd: totals[column], kind: 'ours' })),
  ];
  const most = Math.max(...all.map(({ usd }) => usd));
  const content = all.flatMap(({ label, usd, kind }, index) => {
    const y = index * LINE;
    const width = Math.round((usd / most) * BAR_WIDTH);
    return [
      text(MARGIN, y + 15, label),
      `<rect class="${kind}" x="${BAR_X}" y="${y + 3}" width="${width}" height="${LINE - 8}" rx="2"/>`,
      text(BAR_X + width + 8, y + 15, dollars(usd)),
    ];
  });
  return { content, height: all.length * LINE };
}

function barLabel(column: Column, market: string): string {
  return column === 'hours' || column === 'idleStop' ? `${HEADS[column]}, ${market}` : HEADS[column];
}

function cells({ rows, totals }: CostTable): Part {
  const head = line(0, ['resource', '', ...COLUMNS.map((column) => HEADS[column])], 'head');
  const body = rows.flatMap(({ resource, what, usd }, index) =>
    line(index + 1, [resource, what, ...COLUMNS.map((column) => dollars(usd[column]))]),
  );
  const sum = line(rows.length + 1, ['a month', '', ...COLUMNS.map((column) => dollars(totals[column]))], 'sum');
  return { content: [...head, ...body, ...sum], height: (rows.length + 2) * LINE };
}

function notes(table: CostTable): Part {
  const lines = [
    ...bottomLine(table).split(/(?<=:) (?=\d)/),
    `${table.region}, USD, before taxes, traffic and free allowances. hours: ${Math.round(table.runningHours.hours)} of 730; idle stop: ${Math.round(table.runningHours.idleStop)}.`,
    `Prices: ${table.prices}. npm run cost -- -c environment=${table.name}`,
  ];
  return {
    content: lines.map((each, index) =>
      text(MARGIN, index * LINE + 15, each, index < lines.length - 2 ? 'head' : 'note'),
    ),
    height: lines.length * LINE,
  };
}

function line(index: number, [resource = '', what = '', ...figures]: readonly string[], kind = ''): string[] {
  const y = index * LINE + 16;
  const last = resource.split('/').slice(-2).join('/').slice(-28);
  return [
    ...(index === 0 ? [] : [`<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${index * LINE}" y2="${index * LINE}"/>`]),
    text(MARGIN, y, last, kind),
    text(WHAT_X, y, what, kind),
    ...figures.map((figure, column) =>
      text(FIRST_FIGURE_X + column * FIGURE_WIDTH, y, figure, `figure ${kind}`.trim()),
    ),
  ];
}

function text(x: number, y: number, content: string, kind = ''): string {
  return `<text x="${x}" y="${y}"${kind === '' ? '' : ` class="${kind}"`}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

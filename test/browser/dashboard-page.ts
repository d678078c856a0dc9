/** A widget of a CloudWatch dashboard's body, as much of it as is drawn. */
export interface Widget {
  readonly type: 'metric' | 'alarm' | 'log';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title: string;
    readonly view?: string;
    readonly metrics?: ReadonlyArray<readonly unknown[]>;
    readonly alarms?: readonly string[];
    readonly yAxis?: { readonly left?: { readonly min?: number; readonly max?: number; readonly label?: string } };
  };
}

export interface Line {
  readonly label: string;
  readonly color?: string | undefined;
  /** Time in milliseconds, and the figure. */
  readonly points: ReadonlyArray<readonly [number, number]>;
}

/** What stands in a widget. */
export interface Content {
  readonly lines: readonly Line[];
  /** Rows of text: an alarm and its state, or a log line. */
  readonly rows: ReadonlyArray<readonly string[]>;
}

/** CloudWatch's grid, in pixels. */
const COLUMN = 58;
const ROW = 40;
const COLORS = ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728'];
const STATES: Readonly<Record<string, string>> = { OK: '#1d8102', ALARM: '#d13212', INSUFFICIENT_DATA: '#687078' };

const STYLE = `body{margin:0;background:#f2f3f3;font:13px sans-serif;color:#16191f;position:relative}
.w{position:absolute;background:#fff;border:1px solid #d5dbdb;box-sizing:border-box;padding:8px 10px;overflow:hidden}
h2{font-size:13px;margin:0 0 4px}.v{display:inline-block;margin:4px 18px 0 0}.v b{display:block;font-size:26px;font-weight:400}
.v,.axis{color:#545b64}.v b{color:#16191f}.a{display:inline-block;color:#fff;padding:5px 10px;margin:2px 6px 2px 0;border-radius:2px}
svg text{font-size:11px;fill:#545b64}i{display:inline-block;width:10px;height:10px;margin:0 5px 0 14px}td{padding:2px 12px 2px 0;white-space:nowrap;font:12px monospace}`;

/** A dashboard as a page: the widgets where its body puts them, with what the account has for them. */
export function dashboardPage(title: string, widgets: ReadonlyArray<readonly [Widget, Content]>): string {
  const height = Math.max(...widgets.map(([{ y, height: rows }]) => y + rows)) * ROW + 34;
  const drawn = widgets.map(([widget, content]) => placed(widget, inside(widget, content))).join('');
  return `<!DOCTYPE html><meta charset="utf-8"><style>${STYLE}</style>
<body style="width:${COLUMN * 24}px;height:${height}px"><h2 style="padding:9px 10px">${escaped(title)}</h2>${drawn}</body>`;
}

function placed({ x, y, width, height, properties }: Widget, html: string): string {
  const box = `left:${x * COLUMN}px;top:${y * ROW + 34}px;width:${width * COLUMN}px;height:${height * ROW}px`;
  return `<div class="w" style="${box}"><h2>${escaped(properties.title)}</h2>${html}</div>`;
}

function inside(widget: Widget, { lines, rows }: Content): string {
  if (widget.type === 'alarm') return rows.map(alarm).join('');
  if (widget.type === 'log') return `<table>${rows.map(row).join('')}</table>`;
  return widget.properties.view === 'singleValue' ? lines.map(value).join('') : chart(widget, lines);
}

function alarm([name = '', state = '']: readonly string[]): string {
  return `<span class="a" style="background:${STATES[state] ?? '#687078'}">${escaped(name)}</span>`;
}

function row(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
}

function value({ label, points }: Line): string {
  const newest = points.at(-1)?.[1];
  const text = newest === undefined ? '--' : Number(newest.toPrecision(3)).toString();
  return `<span class="v"><b>${text}</b>${escaped(label)}</span>`;
}

function chart({ width, height, properties }: Widget, lines: readonly Line[]): string {
  const [w, h] = [width * COLUMN - 90, height * ROW - 112];
  const times = lines.flatMap(({ points }) => points.map(([time]) => time));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const axis = properties.yAxis?.left ?? {};
  const top = axis.max ?? Math.max(1, ...lines.flatMap(({ points }) => points.map(([, figure]) => figure))) * 1.1;
  const place = ([time, figure]: readonly [number, number]) =>
    `${(44 + ((time - from) / (to - from || 1)) * w).toFixed(1)},${(6 + h - (figure / top) * h).toFixed(1)}`;
  const paths = lines.map(({ points, color }, index) => {
    const stroke = color ?? COLORS[index % COLORS.length];
    return `<polyline fill="none" stroke-width="1.5" stroke="${stroke}" points="${points.map(place).join(' ')}"/>`;
  });
  const ticks = [0, top / 2, top].map(
    (figure) => `<text x="38" y="${10 + h - (figure / top) * h}" text-anchor="end">${short(figure)}</text>`,
  );
  const legend = lines.map(({ label, color }, index) => {
    const square = `<i style="background:${color ?? COLORS[index % COLORS.length]}"></i>`;
    return `${square}${escaped(label)}`;
  });
  const hours = [from, (from + to) / 2, to].map(
    (time, index) => `<text x="${44 + (w * index) / 2}" y="${h + 22}" text-anchor="middle">${hour(time)}</text>`,
  );
  return `<span class="axis">${escaped(axis.label ?? '')}</span><br>
<svg width="${w + 68}" height="${h + 28}">${ticks.join('')}${hours.join('')}${paths.join('')}</svg><br>${legend.join('')}`;
}

function short(figure: number): string {
  if (figure >= 1e6) return `${(figure / 1e6).toFixed(0)}M`;
  return figure >= 1000 ? `${(figure / 1000).toFixed(0)}k` : Number(figure.toPrecision(2)).toString();
}

function hour(time: number): string {
  return new Date(time).toISOString().slice(11, 16);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

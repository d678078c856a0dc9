import type { FigureName } from '../../findings/figures';
import { tag, type Tag } from './markup';
import { LABELS, timeText, valueText } from './words';

/** A finding of a figure. */
export interface Moment {
  readonly at: string;
  /** Null is unknown: the line has a gap there. */
  readonly value: number | null;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const SIZE = { width: 720, height: 220 };
const MARGIN = { left: 80, right: 16, top: 16, bottom: 32 };
const WIDE = SIZE.width - MARGIN.left - MARGIN.right;
const HIGH = SIZE.height - MARGIN.top - MARGIN.bottom;

/**
 * A figure over time as a line, from the oldest finding to the newest, from zero up. Who cannot see it is told where it
 * begins, ends and is highest; each value stands in the history beside it.
 */
export function trend(by: FigureName, newestFirst: readonly Moment[]): Tag {
  const moments = [...newestFirst].reverse();
  const scale = scaleOf(moments);
  const points = moments.map(({ at, value }) => (value === null ? null : scale.place(Date.parse(at), value)));
  const lines = unbroken(points).map((line) =>
    tag('polyline', { class: 'line', points: line.map(({ x, y }) => `${round(x)},${round(y)}`).join(' ') }),
  );
  const dots = points.flatMap((point) =>
    point === null ? [] : tag('circle', { class: 'dot', cx: round(point.x), cy: round(point.y), r: '3.5' }),
  );
  const viewBox = `0 0 ${SIZE.width} ${SIZE.height}`;
  return tag(
    'svg',
    { viewBox, role: 'img', 'aria-label': summary(by, moments) },
    ...axes(by, scale.most, moments),
    ...lines,
    ...dots,
  );
}

/** The trend in words. */
export function summary(by: FigureName, moments: readonly Moment[]): string {
  const known = moments.filter((moment): moment is Moment & { value: number } => moment.value !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return `${LABELS[by].text}: unknown in each of these findings`;
  const at = ({ at: moment, value }: Moment) => `${valueText(by, value)} on ${timeText(moment)}`;
  if (known.length === 1) return `${LABELS[by].text}: ${at(last)}, known from one finding`;
  const highest = known.reduce((one, other) => (other.value > one.value ? other : one));
  return `${LABELS[by].text} in ${known.length} findings: from ${at(first)} to ${at(last)}; at most ${at(highest)}`;
}

function scaleOf(moments: readonly Moment[]) {
  const times = moments.map(({ at }) => Date.parse(at));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const most = Math.max(0, ...moments.map(({ value }) => value ?? 0)) || 1;
  return {
    most,
    place: (time: number, value: number): Point => ({
      // A single finding stands in the middle.
      x: MARGIN.left + (to === from ? WIDE / 2 : ((time - from) / (to - from)) * WIDE),
      y: MARGIN.top + HIGH - (value / most) * HIGH,
    }),
  };
}

function axes(by: FigureName, most: number, moments: readonly Moment[]): Tag[] {
  const levels = [0, most / 2, most].map((value): Tag[] => {
    const y = round(MARGIN.top + HIGH - (value / most) * HIGH);
    return [
      tag('line', { class: 'grid', x1: `${MARGIN.left}`, x2: `${SIZE.width - MARGIN.right}`, y1: y, y2: y }),
      tag('text', { x: `${MARGIN.left - 8}`, y, 'text-anchor': 'end', dy: '4' }, valueText(by, value)),
    ];
  });
  const days = [moments[0], moments.at(-1)].map((moment) => moment?.at.slice(0, 10) ?? '');
  const y = `${SIZE.height - 8}`;
  return [
    ...levels.flat(),
    tag('text', { x: `${MARGIN.left}`, y }, days[0] ?? ''),
    tag('text', { x: `${SIZE.width - MARGIN.right}`, y, 'text-anchor': 'end' }, days[1] ?? ''),
  ];
}

/** Points that follow each other without an unknown one between them. */
function unbroken(points: ReadonlyArray<Point | null>): Point[][] {
  const lines: Point[][] = [[]];
  for (const point of points) {
    if (point === null) lines.push([]);
    else lines.at(-1)?.push(point);
  }
  return lines.filter((line) => line.length > 1);
}

function round(number: number): string {
  return `${Math.round(number * 10) / 10}`;
}

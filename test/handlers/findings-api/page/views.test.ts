import { describe, expect, test } from 'vitest';

import { historyOf, tableOf } from '../../../../handlers/findings-api/answers';
import type { Markup, Tag } from '../../../../handlers/findings-api/page/markup';
import { openingOf } from '../../../../handlers/findings-api/page/opening';
import { summary, trend } from '../../../../handlers/findings-api/page/trend';
import { troubleOf } from '../../../../handlers/findings-api/page/trouble';
import { troubleView, viewOf } from '../../../../handlers/findings-api/page/views';
import { LABELS, timeText, valueText } from '../../../../handlers/findings-api/page/words';
import { FIGURE_NAMES, FIGURES } from '../../../../handlers/findings/figures';
import { failedFindingOf, findingOf } from '../../../support/findings';

const KEY = '0123456789abcdef0123456789abcdef';
const ROW = {
  ...{ table_key: KEY, table_id: 'glue:sales.orders', table_name: '<img src=x onerror=alert(1)>' },
  ...{ format: 'iceberg', location: 's3://lake/orders', inspected_at: new Date('2026-11-27T12:00:00Z') },
  ...{ status: 'ok', high: 1, medium: 0, low: 2 },
  ...Object.fromEntries(FIGURE_NAMES.map((name) => [FIGURES[name].column, 7])),
};
const TABLE = tableOf(ROW);

function tagsOf(parts: readonly Markup[], name: string): Tag[] {
  return parts.flatMap((part) =>
    typeof part === 'string' ? [] : [...(part.name === name ? [part] : []), ...tagsOf(part.children, name)],
  );
}

function textOf(part: Markup): string {
  return typeof part === 'string' ? part : part.children.map(textOf).join('');
}

describe('the worst tables', () => {
  const { title, content } = viewOf({ view: 'worst', by: 'smallRatio' }, [{ by: 'smallRatio', tables: [TABLE] }]);

  test('stand in a table with heads, the figure that was asked for chosen', () => {
    expect(title).toBe('Worst tables: share of small files');
    expect(tagsOf(content, 'th').map(textOf)).toEqual([
      ...['Table', 'Share of small files', 'Format', 'High', 'Medium', 'Low', 'Inspected'],
      '<img src=x onerror=alert(1)>',
    ]);
    const chosen = tagsOf(content, 'option').filter(({ attributes }) => 'selected' in attributes);
    expect(chosen.map(({ attributes }) => attributes.value)).toEqual(['smallRatio']);
    expect(tagsOf(content, 'option')).toHaveLength(FIGURE_NAMES.length);
  });

  test('lead to each table, by its key', () => {
    expect(tagsOf(content, 'a').map(({ attributes }) => attributes.href)).toEqual([`#/tables/${KEY}?by=smallRatio`]);
  });

  test('that there are none of are told as that', () => {
    const { content } = viewOf({ view: 'worst', by: 'files' }, [{ by: 'files', tables: [] }]);
    expect(textOf(content.at(-1)!)).toBe('No table stands out by this figure.');
  });
});

test('what got worse says by how much', () => {
  const changed = (value: number, day: string) => ({ value, inspectedAt: `2026-11-${day}T06:00:00.000Z` });
  const changes = [{ table: TABLE, before: changed(100, '20'), now: changed(700, '25'), worseBy: 600 }];
  const { content } = viewOf({ view: 'changes', by: 'bytes', since: '2026-11-20' }, [
    { by: 'bytes', since: '', changes },
  ]);
  expect(tagsOf(content, 'td').map(textOf)).toEqual([
    ...['600 B', '100 B', '700 B'],
    ...['2026-11-20 06:00 UTC', '2026-11-25 06:00 UTC'],
  ]);
});

describe('pages of tables', () => {
  const pageLinks = (cursor: string, next: string | null) => {
    const { content } = viewOf({ view: 'tables', name: 'a', cursor }, [{ tables: [TABLE], next }]);
    return tagsOf(tagsOf(content, 'nav'), 'a').map((link) => [textOf(link), link.attributes.href]);
  };

  test('go on by the cursor of the API, and back to the first', () => {
    expect(pageLinks('c1', 'c2')).toEqual([
      ['First page', '#/tables?name=a'],
      ['Next page', '#/tables?name=a&cursor=c2'],
    ]);
  });

  test('have no links where there is one page', () => {
    expect(pageLinks('', null)).toEqual([]);
  });
});

describe('a table', () => {
  const advice = [
    { code: 'small-files', severity: 'high' as const, reason: 'r', action: 'compact', value: 2, threshold: 1 },
  ];
  const address = { view: 'table', key: KEY, by: 'files', cursor: '' } as const;
  const history = historyOf([{ ...ROW, id: '1', place: '' }], 1);

  test('has its advice, trend, history, figures and the way to TableSleuth', () => {
    const { content } = viewOf(address, [{ table: TABLE, finding: findingOf({ advice }) }, history]);
    expect(tagsOf(content, 'h2').map(textOf)).toEqual([
      ...['Advice', 'Trend', 'History', 'Figures of the latest finding', 'Open it in TableSleuth'],
    ]);
    expect(tagsOf(content, 'td').map(textOf)).toEqual(expect.arrayContaining(['high', 'compact', '7']));
    expect(tagsOf(content, 'pre').map(textOf)).toContain('tablesleuth iceberg --catalog glue --table sales.orders');
  });

  test('that could not be read says why, and what to do', () => {
    const { content } = viewOf(address, [{ table: TABLE, finding: failedFindingOf() }, history]);
    expect(content.map(textOf)).toEqual(
      expect.arrayContaining(['It could not be read (access-denied): AccessDenied', 'Grant it']),
    );
  });
});

describe('a trend', () => {
  const days = (...values: Array<number | null>) =>
    values.map((value, index) => ({ at: `2026-11-${20 + index}T06:00:00Z`, value }));

  test('goes from the oldest finding on the left to the newest on the right, up from zero', () => {
    const [line] = tagsOf([trend('files', days(0, 50, 100).reverse())], 'polyline');
    expect(line?.attributes.points).toBe('80,188 392,102 704,16');
  });

  test('has a gap where the figure is unknown', () => {
    const lines = tagsOf([trend('files', days(1, 2, null, 3, 4))], 'polyline');
    expect(lines.map(({ attributes }) => attributes.points?.split(' ').length)).toEqual([2, 2]);
  });

  test.each([
    [[], 'Data files: unknown in each of these findings'],
    [[null], 'Data files: unknown in each of these findings'],
    [[5], 'Data files: 5 on 2026-11-20 06:00 UTC, known from one finding'],
    [
      [5, 9, 1],
      'Data files in 3 findings: from 5 on 2026-11-20 06:00 UTC to 1 on 2026-11-22 06:00 UTC; at most 9 on 2026-11-21 06:00 UTC',
    ],
  ])('of %j is told in words', (values, words) => {
    expect(summary('files', days(...values))).toBe(words);
  });

  test('of one finding, of none and of zeros is drawn, without a figure that is no number', () => {
    for (const values of [[], [null], [0], [7], [0, 0]]) {
      expect(JSON.stringify(trend('files', days(...values)))).not.toMatch(/NaN|Infinity/);
    }
  });
});

describe('the way to TableSleuth', () => {
  test.each([
    ['glue:sales.orders', 'delta', 's3://lake/orders', 'tablesleuth delta s3://lake/orders'],
    ['s3://lake/a', 'parquet', 's3://lake/a', 'tablesleuth parquet s3://lake/a'],
    [
      ...(['arn:aws:s3tables:us-east-2:111122223333:bucket/lake/table/a.b', 'iceberg', 's3://warehouse'] as const),
      'tablesleuth parquet arn:aws:s3tables:us-east-2:111122223333:bucket/lake/table/a.b',
    ],
    ["glue:a.b'; rm -rf /", 'iceberg', null, `tablesleuth iceberg --catalog glue --table 'a.b'\\''; rm -rf /'`],
  ] as const)('to %s, %s, is one command, whatever is in its name', (id, format, location, command) => {
    expect(openingOf({ id, format, location })?.command).toBe(command);
  });

  test('is unknown where no catalog has the table, or its format is unknown', () => {
    expect(openingOf({ id: 's3://lake/a', format: 'iceberg', location: 's3://lake/a' })).toBeUndefined();
    expect(openingOf({ id: 'x', format: 'unknown', location: null })).toBeUndefined();
  });
});

describe('values', () => {
  test.each([
    ['reclaimableBytes', 0, '0 B'],
    ['reclaimableBytes', 999, '999 B'],
    ['reclaimableBytes', 1_000, '1 KB'],
    ['reclaimableBytes', 1_234_567_890, '1.23 GB'],
    ['files', 1_234_567, '1,234,567'],
    ['smallRatio', 0.4567, '45.7 %'],
    ['readAmplification', 3.754, '3.75 ×'],
    ['orphanBytes', null, 'unknown'],
  ] as const)('%s of %d reads %s', (by, value, text) => {
    expect(valueText(by, value)).toBe(text);
  });

  test('have a name for people, each another one', () => {
    expect(new Set(FIGURE_NAMES.map((name) => LABELS[name].text)).size).toBe(FIGURE_NAMES.length);
  });

  test('of time are told in UTC', () => {
    expect(timeText('2026-11-24T23:00:00+09:00')).toBe('2026-11-24 14:00 UTC');
  });
});

describe('what the API refuses', () => {
  test('is shown as it says', () => {
    const errors = [{ parameter: 'since', message: 'Invalid ISO datetime' }];
    const body = JSON.stringify({ title: 'Bad Request', detail: 'a parameter is wrong', requestId: 'r-1', errors });
    const { content } = troubleView(troubleOf({ status: 400, body }));
    expect(content.map(textOf)).toEqual([
      ...['Bad Request', 'a parameter is wrong', 'since: Invalid ISO datetime', 'Request r-1', 'Try again'],
    ]);
  });

  test.each([
    ['{"message":"Too Many Requests"}', 'Too Many Requests'],
    ['{"Message":"User: a is not authorized"}', 'User: a is not authorized'],
    ['<html>', 'It does not say why.'],
    ['null', 'It does not say why.'],
    ['{"title":5,"detail":{},"errors":[null,"x"]}', 'It does not say why.'],
  ])('in other words is shown as far as it says anything: %s', (body, detail) => {
    expect(troubleOf({ status: 429, body })).toMatchObject({ title: 'The API answered 429', detail });
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../../cli/command';
import { cost, type CostReport } from '../../../cli/commands/cost';
import { costBottomLine, environmentTable } from '../../../cli/cost/bottom-line';
import { picture } from '../../../cli/cost/picture';
import { upstreamTemplate } from '../../../cli/cost/upstream';
import { scratchFolder } from '../../support/scratch';

interface Told {
  readonly code: number;
  readonly result: string;
  readonly progress: string;
}

async function run(...args: string[]): Promise<Told> {
  const [result, progress]: [string[], string[]] = [[], []];
  const output = {
    result: (text: string) => void result.push(text),
    progress: (line: string) => void progress.push(line),
  };
  const code = await runCommand(cost, args, output);
  return { code, result: result.join('\n'), progress: progress.join('\n') };
}

describe('npm run cost', () => {
  test.each([
    [['-c', 'environment=deev'], 'wants one of dev, staging, prod: did you mean dev?'],
    [['-c', 'instanceTyp=t3.large'], 'did you mean instanceType?'],
    [['--assume', 'logGb'], 'logGb: got nothing'],
    [['--template', 'none.json'], 'none.json, wants a CloudFormation template'],
    [['--bogus'], '--bogus'],
  ])('fails for %j with what to do, and tells nothing else', async (args, message) => {
    const { code, result, progress } = await run('--offline', ...args);
    expect(code).toBe(1);
    expect(result).toBe('');
    expect(progress).toContain(message);
    expect(progress).not.toMatch(/^\s+at /m);
  });

  test('explains itself, every assumption included', async () => {
    const { code, result } = await run('--help');
    expect(code).toBe(0);
    expect(result).toContain('hostMetrics=12');
  });

  test.each(['dev', 'staging', 'prod'])(
    'prices %s offline, in aligned columns, with its bottom line last',
    async (name) => {
      const { code, result } = await run('--offline', '-c', `environment=${name}`);
      expect(code).toBe(0);
      const lines = result.split('\n');
      const table = lines.slice(2, lines.findIndex((line) => line.startsWith('a month')) + 1);
      expect(table.length).toBeGreaterThan(10);
      expect(new Set(table.map(({ length }) => length)).size).toBe(1);
      expect(lines.at(-1)).toBe(costBottomLine([`environment=${name}`]));
    },
  );

  test('takes settings of the command line and assumptions', async () => {
    const priced = async (...args: string[]) =>
      (JSON.parse((await run('--offline', '--json', ...args)).result) as CostReport).totals.onDemand;
    expect(await priced('-e', 'dev', '-c', 'instanceType=m7i.large')).toBeGreaterThan((await priced('-e', 'dev')) + 50);
    expect(await priced('-e', 'dev', '--assume', 'logGb=10')).toBeGreaterThan((await priced('-e', 'dev')) + 10);
  });

  test('prices the template of another stack, and compares upstream’s shape with what is documented', async () => {
    const file = join(scratchFolder(), 'TablesleuthStack-dev.template.json');
    writeFileSync(file, JSON.stringify({ Resources: upstreamTemplate('dev', 't3.small').resources }));
    const { result } = await run('--offline', '--json', '--template', file);
    const { name, totals, unknown } = JSON.parse(result) as CostReport;
    expect({ name, unknown }).toEqual({ name: 'TablesleuthStack-dev', unknown: [] });
    expect(totals.onDemand).toBeCloseTo(21.234, 3);
  });
});

describe('the picture', () => {
  const table = environmentTable(['environment=dev']);

  test('has every row and every total, and is the same for the same table', () => {
    const svg = picture(table);
    for (const { what } of table.rows) expect(svg).toContain(`>${what}</text>`);
    for (const usd of Object.values(table.totals)) expect(svg).toContain(`>$${usd.toFixed(2)}</text>`);
    expect(picture(environmentTable(['environment=dev']))).toBe(svg);
  });

  test('is well-formed whatever a resource is named', () => {
    const rows = table.rows.map((row) => ({ ...row, what: '<&">' }));
    expect(picture({ ...table, rows })).toContain('>&lt;&amp;&quot;&gt;</text>');
  });
});

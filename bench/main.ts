import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureAppSynthesis } from './app-synthesis';
import { measureBalancer } from './balancer';
import { measureDeployment } from './deployment';
import { measureEnvironments } from './environments';
import { failed, type Figure, judge, type Judged, leftOut, NotMeasurable, table } from './figure';
import { measureFindings } from './findings';
import { measureFindingsApi } from './findings-api';
import { measureFirstBoot } from './first-boot';
import { measureHosts } from './hosts';
import { measureLaunch } from './launch';
import { measureRegions } from './regions';
import { measureSweep } from './sweep';
import { measureUnitTests } from './unit-tests';

const USAGE =
  'npm run bench -- [--json] [synthesis] [unit-tests] [findings-api] [findings] [sweep] [machines] [balancer]';

type Group = 'synthesis' | 'unit-tests' | 'findings-api' | 'findings' | 'sweep' | 'machines' | 'balancer';
type Measure = () => Figure | Figure[] | Promise<Figure | Figure[]>;

const MEASUREMENTS: ReadonlyArray<readonly [group: Group, what: string, measure: Measure]> = [
  ['synthesis', 'the app against a bare one', measureAppSynthesis],
  ['synthesis', 'one to eight environments', measureEnvironments],
  ['synthesis', 'three regions against one', measureRegions],
  ['unit-tests', 'the unit tests', measureUnitTests],
  ['findings-api', 'the findings API', measureFindingsApi],
  ['findings', 'findings in a database', measureFindings],
  ['sweep', 'the sweep of two hundred tables', measureSweep],
  ['machines', 'the launch of a machine', measureLaunch],
  ['machines', 'hosts', measureHosts],
  ['machines', 'the first boot of a baked image', measureFirstBoot],
  ['machines', 'the deployment of dev', measureDeployment],
  ['balancer', 'load balancer and nginx against TableSleuth direct', measureBalancer],
];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
  const unknown = positionals.filter((name) => !MEASUREMENTS.some(([group]) => group === name));
  if (unknown.length > 0) throw new Error(`got ${unknown.join(' ')}, wants: ${USAGE}`);
  const figures: Judged[] = [];
  for (const [group, what, measure] of MEASUREMENTS) {
    if (positionals.length === 0 || positionals.includes(group)) figures.push(...(await attempt(what, measure)));
  }
  const machine = `Node ${process.versions.node}, ${cpus().length} cores of ${cpus()[0]?.model ?? 'unknown'}`;
  const text = values.json ? JSON.stringify({ machine, figures }, undefined, 2) : `${table(figures)}\n\n${machine}`;
  process.stdout.write(`${text}\n`);
  process.exitCode = figures.every(({ ok }) => ok) ? 0 : 1;
}

/** A measurement that fails has no figure, and takes none from the others. */
async function attempt(what: string, measure: Measure): Promise<Judged[]> {
  process.stderr.write(`Measuring ${what}\n`);
  try {
    return [await measure()].flat().map(judge);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n`);
    const isCi = ['true', '1'].includes(process.env.CI ?? '');
    return [error instanceof NotMeasurable ? leftOut(what, message, isCi) : failed(what)];
  }
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});

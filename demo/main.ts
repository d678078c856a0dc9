import { parseArgs } from 'node:util';
import { costBottomLine } from '../cli/cost/bottom-line';
import { assertLoopback, whyNoMachine } from '../emulator/account';
import { stopBackground } from './background-process';
import { DemoError } from './deployment';
import { recordedDemo } from './recorded-demo';
import { report } from './report';
import { settingsOf } from './settings';
import { digestOfSources } from './sources';
import { Visit } from './visit';

const USAGE = `npm run demo -- [--environment dev] [-c key=value …] [--minutes 30 | --keep] [--json] [--verbose]
npm run demo -- --stop

Deploys an environment of cdk.json into an emulated AWS account on this machine and reads it back.
As root on Linux the host boots and reads a sample lake, and the last line is the URL of its page. The page stays open
for 30 minutes, with --keep until --stop; another \`npm run demo\` meanwhile deploys into the same account.
No AWS account, credentials or profile is used or changed.`;

const OPTIONS = {
  environment: { type: 'string', default: 'dev' },
  context: { type: 'string', short: 'c', multiple: true, default: [] as string[] },
  minutes: { type: 'string', default: '30' },
  keep: { type: 'boolean', default: false },
  stop: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
type Progress = (line: string) => void;

/** Runs the demo and resolves to its exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    await run(parseArgs({ args, options: OPTIONS }).values, stopwatch());
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function run(options: Options, progress: Progress): Promise<void> {
  if (options.help) return print(USAGE);
  if (options.stop) return stop(progress);
  const { AWS_ENDPOINT_URL: endpoint } = process.env;
  if (endpoint !== undefined) assertLoopback(endpoint);
  settingsOf(options.environment, options.context);
  progress(costLine(options));
  const minutes = options.keep ? undefined : minutesOf(options.minutes);
  const obstacle = await whyNoMachine();
  if (obstacle === undefined) return openPage(options, minutes, progress);
  progress(`No host boots, so there is no page to open: ${obstacle}`);
  const found = await recordedDemo({ ...options, progress });
  print(options.json ? json(found) : `\n${report(found)}`);
  progress('Done: the account is gone, nothing runs on');
}

/** A template that cannot be made fails the deployment, which says more about it. */
function costLine({ environment, context }: Options): string {
  try {
    return costBottomLine([...context, `environment=${environment}`]);
  } catch (error) {
    return `What it would cost on AWS is not known: ${(error as Error).message.split('\n')[0]}`;
  }
}

async function openPage(options: Options, minutes: number | undefined, progress: Progress): Promise<void> {
  const { environment, context, verbose } = options;
  const visit = new Visit({
    request: { type: 'deploy', sources: digestOfSources(), environment, context, verbose, minutes },
    progress,
    show: (found) => {
      if (!options.json) print(`\n${report(found)}\n`);
      progress(`The page stays open ${lifetime(minutes)}; npm run demo -- --stop ends it`);
      print(options.json ? json(found) : found.url);
    },
  });
  const abandon = () => void visit.abandon().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, abandon);
  await visit.run();
}

async function stop(progress: Progress): Promise<void> {
  const wasRunning = await stopBackground();
  progress(wasRunning ? 'The demo has ended, and nothing of it is left' : 'No demo is running in this checkout');
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  // A timer's most is 24 days.
  if (minutes > 0 && minutes <= 24 * 60) return minutes;
  throw new DemoError(
    `--minutes: got ${JSON.stringify(text)}, wants a number above 0 and up to 1440; --keep has no end`,
  );
}

function lifetime(minutes: number | undefined): string {
  if (minutes === undefined) return 'until this computer is switched off';
  const end = new Date(Date.now() + minutes * 60_000);
  return `for ${minutes} minutes, until ${end.toTimeString().slice(0, 5)}`;
}

function json(found: unknown): string {
  return JSON.stringify(found, undefined, 2);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function stopwatch(): Progress {
  const started = Date.now();
  return (line) => process.stderr.write(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
}

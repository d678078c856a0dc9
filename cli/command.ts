import { parseArgs, type ParseArgsConfig } from 'node:util';
import { SettingsError } from '../app/settings';
import { Mistake } from './mistake';

/** Where a command tells what it found, and how far it is. */
export interface Output {
  /** What was asked for. */
  readonly result: (text: string) => void;
  /** Beside the result, for a person who waits. */
  readonly progress: (line: string) => void;
}

/** A command of the command line, as data. */
export interface Command<Options extends NonNullable<ParseArgsConfig['options']>> {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly usage: string;
  readonly options: Options;
  readonly run: (values: ParsedValues<Options>, output: Output) => Promise<void>;
}

/** What `parseArgs` makes of the options. */
export type ParsedValues<Options extends NonNullable<ParseArgsConfig['options']>> = ReturnType<
  typeof parseArgs<{ options: Options }>
>['values'];

const TERMINAL: Output = {
  result: (text) => void process.stdout.write(`${text}\n`),
  progress: (line) => void process.stderr.write(`${line}\n`),
};

/** Runs a command and resolves to its exit code. */
export async function runCommand<Options extends NonNullable<ParseArgsConfig['options']>>(
  command: Command<Options>,
  args: readonly string[],
  output: Output = TERMINAL,
): Promise<number> {
  try {
    if (args.includes('--help') || args.includes('-h')) {
      output.result(command.usage);
      return 0;
    }
    const { values } = parseArgs({ args: [...args], options: command.options });
    await command.run(values, output);
    return 0;
  } catch (error) {
    if (!isMistake(error)) throw error;
    output.progress(error.message);
    return 1;
  }
}

function isMistake(error: unknown): error is Error {
  if (error instanceof SettingsError || error instanceof Mistake) return true;
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

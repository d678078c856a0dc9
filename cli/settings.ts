import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings, type Settings } from '../app/settings';

const PROJECT = join(__dirname, '..');

/**
 * What `cdk.json` and the command line say, as the CDK CLI would hand it to the app.
 *
 * @param context settings as `-c` takes them: `key=value`.
 */
export function contextOf(context: readonly string[]): Readonly<Record<string, unknown>> {
  return { ...contextOfProject(), ...Object.fromEntries(context.map(splitContext)) };
}

/**
 * The settings of an environment.
 *
 * @throws SettingsError for wrong settings and for an environment that is not there.
 */
export function settingsIn(context: Readonly<Record<string, unknown>>): Settings {
  return loadSettings({
    context: (key) => context[key],
    contextKeys: Object.keys(context),
    readFile: (path) => readFileSync(join(PROJECT, path), 'utf8'),
    env: process.env,
  });
}

function contextOfProject(): Record<string, unknown> {
  const { context } = JSON.parse(readFileSync(join(PROJECT, 'cdk.json'), 'utf8')) as {
    readonly context: Record<string, unknown>;
  };
  return context;
}

function splitContext(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

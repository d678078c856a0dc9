import { readFileSync } from 'node:fs';
import { loadSettings, type Settings } from '../app/settings';

/**
 * The settings of an environment with what is given on the command line. Throws a SettingsError for those that the app would
 * refuse, before anything is started or changed for them. The app itself looks again when it is synthesized.
 */
export function settingsOf(environment: string, given: readonly string[]): Settings {
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };
  const all: Readonly<Record<string, unknown>> = { ...context, ...Object.fromEntries(given.map(keyAndValue)) };
  return loadSettings({
    context: (key) => all[key],
    contextKeys: Object.keys(all),
    environment,
    readFile: (path) => readFileSync(path, 'utf8'),
    env: {},
  });
}

function keyAndValue(setting: string): [string, string] {
  const [key = '', ...value] = setting.split('=');
  return [key, value.join('=')];
}

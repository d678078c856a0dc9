import { SettingsError } from '../../app/settings';
import { settingsOf } from './synthesis';

/** What is wrong with the settings that an attempt takes, problem by problem; nothing when it succeeds. */
export function problemsIn(attempt: () => unknown): readonly string[] {
  try {
    attempt();
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

/** The same for an environment's settings, as a person reads it; empty when they are good. */
export function messageAbout(given: unknown): string {
  try {
    settingsOf(given as Parameters<typeof settingsOf>[0]);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

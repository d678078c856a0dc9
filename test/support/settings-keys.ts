import { settingsSchema } from '../../app/settings/schema';

/** The keys of an environment's settings, as messages list them. */
export const ALL_KEYS = Object.keys(settingsSchema.shape).join(', ');

import { z } from 'zod';
import { GizmoSqlRelease } from '../../../src/workbench/gizmosql-release';
import { block, text, wholeNumber } from '../vocabulary';

/** The SQL server beside TableSleuth. */
export const gizmosql = block({
  username: text(
    /^(?!token$)[A-Za-z][A-Za-z0-9_]{0,62}$/,
    'a name of letters, digits and _, other than the reserved name token',
  )
    .default('admin')
    .meta({ description: 'The user that TableSleuth and people sign in to GizmoSQL with. The password is generated.' }),
  version: text(/^\d+\.\d+\.\d+$/, 'a GizmoSQL release such as 1.40.0')
    .default(GizmoSqlRelease.DEFAULT_VERSION)
    .meta({
      description:
        'The GizmoSQL release that is installed. 1.31.1 or newer; one that this package does not know needs `sha256`.',
    }),
  sha256: text(/^[0-9a-f]{64}$/, 'a SHA-256 of 64 lower-case hexadecimal digits')
    .optional()
    .meta({
      description:
        "The SHA-256 of the release's Linux zip for the host's CPU architecture. The install stops when the download differs.",
      defaultText: 'the published one, of a known version',
    }),
  memoryLimit: text(
    /^([1-9]|[1-8]\d|9[0-5])%$|^[1-9]\d*(\.\d+)?(MB|MiB|GB|GiB)$/,
    'a share of the memory up to 95%, or a size such as 8GB',
  )
    .default('60%')
    .meta({ description: 'The memory that GizmoSQL may use; the rest is for TableSleuth and the system.' }),
  rotationDays: z
    .union([z.literal(false), wholeNumber(1, 1000)], { error: 'a whole number of days from 1 to 1000, or false' })
    .default(30)
    .meta({
      description:
        'The days until GizmoSQL gets a new password: hosts that run take it up, and refuse logins for some seconds meanwhile. With false it keeps its first one.',
    }),
});

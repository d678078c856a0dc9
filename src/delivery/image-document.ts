import { bundleScript, type BundleLocation } from '../workbench/bundle-script';

/** What a component's document is made of. Every value may be a token. */
export interface ImageDocumentOptions extends BundleLocation {
  readonly region: string;
  readonly gizmosqlVersion: string;
  readonly gizmosqlSha256: string;
}

/** Packages come from the distribution's repositories, which can be slow. */
const INSTALL_SECONDS = 1800;
const TEST_SECONDS = 600;

/**
 * The document of the component that makes an image, for AWS's task orchestrator: `host/install` puts the software on the
 * build instance, `validate` looks that nothing of one host is left, and `host/try` makes a machine that booted the image
 * a healthy workbench.
 */
export function imageDocument(options: ImageDocumentOptions): object {
  return {
    name: 'TableSleuthHost',
    description: 'TableSleuth, GizmoSQL and nginx, each pinned by checksum',
    schemaVersion: '1.0',
    phases: [
      phase('build', 'Install', INSTALL_SECONDS, install(options)),
      phase('validate', 'NothingOfOneHost', TEST_SECONDS, nothingOfOneHost()),
      phase('test', 'Healthy', TEST_SECONDS, healthy(options)),
    ],
  };
}

function phase(name: string, step: string, timeoutSeconds: number, lines: string[]): object {
  const commands = [['set -euo pipefail', ...lines].join('\n')];
  return { name, steps: [{ name: step, action: 'ExecuteBash', timeoutSeconds, inputs: { commands } }] };
}

function install(options: ImageDocumentOptions): string[] {
  return [
    ...inRegion(options),
    ...bundleScript(options),
    "cat > /etc/tablesleuth/settings.env <<'SETTINGS'",
    `GIZMOSQL_VERSION="${options.gizmosqlVersion}"`,
    `GIZMOSQL_SHA256="${options.gizmosqlSha256}"`,
    'SETTINGS',
    'bash /opt/tablesleuth/host/install',
    'rm -f /etc/tablesleuth/settings.env',
  ];
}

function nothingOfOneHost(): string[] {
  return [
    'for path in /etc/tablesleuth/settings.env /opt/tablesleuth/host.zip /run/tablesleuth-secret /var/lib/tablesleuth; do',
    '  if [ -e "$path" ]; then echo "$path would be in the image"; exit 1; fi',
    'done',
  ];
}

/** The folder came with the image; a digest that differs is an image that was made of something else. */
function healthy(options: ImageDocumentOptions): string[] {
  return [...inRegion(options), ...bundleScript(options), 'bash /opt/tablesleuth/host/try'];
}

function inRegion({ region }: ImageDocumentOptions): string[] {
  return [`export AWS_REGION="${region}" AWS_DEFAULT_REGION="${region}"`];
}

import type { Instance } from './instance';

const CLOUD = '/var/lib/cloud/instance';
const SCRIPT = `${CLOUD}/scripts/part-001`;
const DONE = `${CLOUD}/sem/config_scripts_user`;

/** Where what user data prints goes, as on every instance. */
export const USER_DATA_LOG = '/var/log/cloud-init-output.log';

/** The unit that runs user data; systemd skips it when it has run before. */
export const USER_DATA_UNIT = 'cloud-final.service';

/** A file on a machine's disk. */
export interface MachineFile {
  readonly content: string;
  /** @default 0o644 */
  readonly mode?: number;
}

/**
 * The files that make systemd run an instance's user data as cloud-init does: once in the instance's life, as root, with
 * its output in a log. Only scripts (`#!`) are run; of anything else the log says that it is not.
 */
export function userDataFiles(instance: Instance): Record<string, MachineFile> {
  const userData = Buffer.from(instance.UserData, 'base64').toString();
  const script = userData.startsWith('#!') ? userData : `#!/bin/sh\n${userData === '' ? ':' : notAScript(userData)}\n`;
  return {
    [`${CLOUD}/user-data.txt`]: { content: userData, mode: 0o600 },
    [SCRIPT]: { content: script, mode: 0o700 },
    [`${CLOUD}/sem/README`]: { content: 'What has run once in the life of this instance.\n' },
    [`/etc/systemd/system/${USER_DATA_UNIT}`]: { content: UNIT },
  };
}

function notAScript(userData: string): string {
  const [first = ''] = userData.split('\n', 1);
  return `echo 'user data is no script and was not run; it begins with ${first.slice(0, 40).replaceAll("'", '')}'`;
}

const UNIT = `[Unit]
Description=User data, once in the life of this instance
After=network-online.target multi-user.target
Wants=network-online.target
ConditionPathExists=!${DONE}
[Service]
Type=oneshot
ExecStartPre=touch ${DONE}
ExecStart=${SCRIPT}
StandardOutput=append:${USER_DATA_LOG}
StandardError=append:${USER_DATA_LOG}
TimeoutStartSec=infinity
KillMode=process
`;

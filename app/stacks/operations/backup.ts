import { WorkspaceBackup } from '../../../src';
import { copiesOf } from '../copies-stack';
import { importedVault, keepFor } from '../data-stack';
import { firstZone } from '../network-stack';
import { importedFiles, importedVolume } from '../workspace';
import type { OperationsPart } from './part';

/** The workspace's daily backup. */
export const backup: OperationsPart = {
  isOn: (settings) => settings.backup !== undefined,
  add: (stack, { settings }) => {
    if (settings.backup === undefined) return;
    const isShared = settings.workspace?.mode === 'shared';
    new WorkspaceBackup(stack, 'Backup', {
      ...(isShared
        ? { fileSystem: importedFiles(stack, settings) }
        : { volume: importedVolume(stack, settings, firstZone(stack, settings)) }),
      vault: importedVault(stack, settings),
      hour: settings.backup.hour,
      keepFor: keepFor(settings.backup),
      copyTo: copiesOf(settings),
    });
  },
};

import { describe, expect, test } from 'vitest';
import { settingsOf } from '../support/synthesis';
import { messageAbout } from '../support/settings-problems';

const VOLUME_ID = 'vol-0123456789abcdef0';
const FILE_SYSTEM_ID = 'fs-0123456789abcdef0';
const ACCESS_POINT_ID = 'fsap-0123456789abcdef0';

/** What is wrong with the settings; they are not of the types that the compiler would take. */
describe('fails, and says what is wanted:', () => {
  test.each<[unknown, string]>([
    [
      { workspace: true },
      'workspace: got true, wants a block of settings: mode, sizeGiB, volumeId, fileSystemId, accessPointId; or ' +
        'false, which switches it off',
    ],
    [{ workspace: { sizeGiB: 0 } }, 'workspace.sizeGiB: got 0, wants a whole number from 1 to 16384'],
    [
      { workspace: { volumeId: 'vol-1' } },
      'workspace.volumeId: got "vol-1", wants a volume id such as vol-0123456789abcdef0',
    ],
    [
      { workspace: { volumeId: VOLUME_ID, sizeGiB: 60 } },
      'workspace.sizeGiB: got 60 together with workspace.volumeId, wants one of the two: a volume that exists has its ' +
        'size, which `aws ec2 modify-volume` changes',
    ],
    [{ workspace: { mode: 'efs' } }, 'workspace.mode: got "efs", wants volume or shared'],
    [
      { workspace: { mode: 'shared', sizeGiB: 60 } },
      'workspace.sizeGiB: got 60 with mode: shared, wants it left out: only a volume has it, and a file system takes as ' +
        'much room as its files',
    ],
    [
      { workspace: { mode: 'shared', volumeId: VOLUME_ID } },
      `workspace.volumeId: got "${VOLUME_ID}" with mode: shared, wants it left out`,
    ],
    [
      { workspace: { fileSystemId: FILE_SYSTEM_ID, accessPointId: ACCESS_POINT_ID } },
      `workspace.fileSystemId: got "${FILE_SYSTEM_ID}" with mode: volume, wants mode: shared beside it, or it left out`,
    ],
    [
      { workspace: { mode: 'shared', fileSystemId: FILE_SYSTEM_ID } },
      `workspace.fileSystemId: got "${FILE_SYSTEM_ID}" without workspace.accessPointId, wants both or neither: hosts come ` +
        'to the file system through the access point',
    ],
    [
      { workspace: { mode: 'shared', accessPointId: ACCESS_POINT_ID } },
      `workspace.accessPointId: got "${ACCESS_POINT_ID}" without workspace.fileSystemId, wants both or neither`,
    ],
    [
      { workspace: { mode: 'shared', fileSystemId: 'fs-1', accessPointId: ACCESS_POINT_ID } },
      'workspace.fileSystemId: got "fs-1", wants a file system id such as fs-0123456789abcdef0',
    ],
    [{ workspace: {}, backup: { hour: 24 } }, 'backup.hour: got 24, wants a whole number from 0 to 23'],
    [{ workspace: {}, backup: { keepDays: 0 } }, 'backup.keepDays: got 0, wants a whole number from 1 to 3650'],
    [
      { backup: {} },
      'backup: got a block of settings without workspace, wants a workspace as well (workspace: {} makes one of 50 GiB), ' +
        'or no backup: a host holds nothing to back up',
    ],
    [{ backup: {}, workspace: false }, 'backup: got a block of settings without workspace'],
    [
      { workspace: {}, backup: { copyToRegion: 'Ireland' } },
      'backup.copyToRegion: got "Ireland", wants an AWS region such as us-east-2',
    ],
    [
      { workspace: {}, backup: { copyToRegion: 'us-east-2' } },
      'backup.copyToRegion: got "us-east-2", a region of the environment, wants another region, or none: the backup ' +
        'itself is in this one already',
    ],
    [
      { region: 'eu-west-1', workspace: {}, backup: { copyToRegion: 'eu-west-1' } },
      'backup.copyToRegion: got "eu-west-1", a region of the environment',
    ],
    [
      { workspace: {}, backup: { copyToRegion: 'us-gov-west-1' } },
      'backup.copyToRegion: got "us-gov-west-1", wants a region of the same partition as us-east-2: AWS Backup copies ' +
        'nothing between partitions',
    ],
    [
      { workspace: {}, backup: { copyVaultName: 'archive' } },
      'backup.copyVaultName: got "archive" without backup.copyToRegion, wants both or neither: the vault is in that region',
    ],
    [
      { workspace: {}, backup: { copyToRegion: 'eu-west-1', copyVaultName: 'a b' } },
      'backup.copyVaultName: got "a b", wants a name of 2 to 50 letters, digits and hyphens',
    ],
  ])('%j', (given, message) => {
    expect(messageAbout(given)).toContain(`  test.yaml: ${message}`);
  });
});

test.each([
  {},
  { workspace: false, backup: false },
  { workspace: {} },
  { workspace: { sizeGiB: 16_384 }, backup: { hour: 0, keepDays: 1 } },
  { workspace: { volumeId: VOLUME_ID }, backup: {} },
  { region: 'cn-north-1', workspace: {}, backup: { copyToRegion: 'cn-northwest-1', copyVaultName: 'archive' } },
  { workspace: { mode: 'volume', sizeGiB: 60 } },
  { workspace: { mode: 'shared' }, backup: {} },
  { workspace: { mode: 'shared', fileSystemId: FILE_SYSTEM_ID, accessPointId: ACCESS_POINT_ID } },
])('%j is good', (given) => {
  expect(messageAbout(given)).toBe('');
});

test('both are off when they are left out', () => {
  const { workspace, backup } = settingsOf({});
  expect([workspace, backup]).toEqual([undefined, undefined]);
});

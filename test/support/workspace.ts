import type { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type IWorkspaceFileSystem, type IWorkspaceVolume, WorkspaceFileSystem, WorkspaceVolume } from '../../src';
import { ACCOUNT, REGION } from './synthesis';

export const VOLUME_ID = 'vol-0123456789abcdef0';

export const FILE_SYSTEM_ID = 'fs-0123456789abcdef0';
export const ACCESS_POINT_ID = 'fsap-0123456789abcdef0';

/** The key of a workspace that exists. */
export const KEY_ARN = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd`;

/** A workspace's volume that exists. */
export function existingVolume(stack: Stack, zone = `${REGION}a`): IWorkspaceVolume {
  return WorkspaceVolume.fromWorkspaceVolumeAttributes(stack, 'Workspace', {
    volumeId: VOLUME_ID,
    availabilityZone: zone,
    encryptionKeyArn: KEY_ARN,
    workspaceName: 'dev',
  });
}

/** A shared workspace's file system that exists. */
export function existingFileSystem(stack: Stack): IWorkspaceFileSystem {
  return WorkspaceFileSystem.fromWorkspaceFileSystemAttributes(stack, 'WorkspaceFiles', {
    fileSystemId: FILE_SYSTEM_ID,
    accessPointId: ACCESS_POINT_ID,
    encryptionKeyArn: KEY_ARN,
    workspaceName: 'dev',
  });
}

/** A key that exists. */
export function existingKey(stack: Stack): Key {
  return Key.fromKeyArn(stack, 'Key', KEY_ARN) as Key;
}

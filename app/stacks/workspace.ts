import { type RemovalPolicy, Size, type Stack } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import {
  type IWorkspaceFiles,
  type IWorkspaceFileSystem,
  type IWorkspaceVolume,
  Workspace,
  WorkspaceFileSystem,
  WorkspaceVolume,
} from '../../src';
import type { Settings } from '../settings';
import { firstZone, firstZoneOf } from './network-stack';
import { PublishedValues } from './published';

const VOLUME = 'data/workspace-volume';
const FILE_SYSTEM = 'data/workspace-file-system';
const ACCESS_POINT = 'data/workspace-access-point';

/** What a workspace is made with. */
interface Options {
  readonly encryptionKey: IKey;
  readonly removalPolicy: RemovalPolicy;
}

/** Makes the workspace in the stack of the data, or takes the one that was brought along, and tells other stacks of it. */
export function addWorkspace(stack: Stack, settings: Settings, options: Options): void {
  const published = new PublishedValues(settings.environment);
  if (settings.workspace === undefined) return;
  if (settings.workspace.mode === 'shared') {
    const { fileSystemId, accessPointId } = fileSystem(stack, settings, options);
    published.publish(stack, FILE_SYSTEM, fileSystemId);
    published.publish(stack, ACCESS_POINT, accessPointId);
  } else {
    published.publish(stack, VOLUME, volumeId(stack, settings, options));
  }
}

function volumeId(stack: Stack, settings: Settings, { encryptionKey, removalPolicy }: Options): string {
  const { volumeId: existing, sizeGiB } = settings.workspace ?? {};
  if (existing !== undefined) {
    return existing;
  }
  const volume = new WorkspaceVolume(stack, 'Workspace', {
    encryptionKey,
    availabilityZone: firstZone(stack, settings),
    size: sizeGiB === undefined ? undefined : Size.gibibytes(sizeGiB),
    workspaceName: settings.environment,
    removalPolicy,
  });
  return volume.volumeId;
}

type Ids = Pick<IWorkspaceFileSystem, 'fileSystemId' | 'accessPointId'>;

function fileSystem(stack: Stack, settings: Settings, { encryptionKey, removalPolicy }: Options): Ids {
  const { fileSystemId, accessPointId } = settings.workspace ?? {};
  if (fileSystemId !== undefined && accessPointId !== undefined) {
    return { fileSystemId, accessPointId };
  }
  return new WorkspaceFileSystem(stack, 'WorkspaceFiles', {
    encryptionKey,
    workspaceName: settings.environment,
    removalPolicy,
  });
}

/** The workspace's volume as another stack sees it. */
export function importedVolume(scope: Construct, settings: Settings, availabilityZone: string): IWorkspaceVolume {
  const published = new PublishedValues(settings.environment);
  return WorkspaceVolume.fromWorkspaceVolumeAttributes(scope, 'Workspace', {
    volumeId: published.read(scope, VOLUME),
    availabilityZone,
    encryptionKeyArn: published.read(scope, 'data/key-arn'),
    workspaceName: settings.environment,
  });
}

/** The workspace's file system as another stack sees it. */
export function importedFileSystem(scope: Construct, settings: Settings): IWorkspaceFileSystem {
  const published = new PublishedValues(settings.environment);
  return WorkspaceFileSystem.fromWorkspaceFileSystemAttributes(scope, 'WorkspaceFiles', {
    fileSystemId: published.read(scope, FILE_SYSTEM),
    accessPointId: published.read(scope, ACCESS_POINT),
    encryptionKeyArn: published.read(scope, 'data/key-arn'),
    workspaceName: settings.environment,
  });
}

/** The same file system as somebody sees it who does not mount it. */
export function importedFiles(scope: Construct, settings: Settings): IWorkspaceFiles {
  const published = new PublishedValues(settings.environment);
  return {
    fileSystemId: published.read(scope, FILE_SYSTEM),
    encryptionKey: Key.fromKeyArn(scope, 'WorkspaceKey', published.read(scope, 'data/key-arn')),
    workspaceName: settings.environment,
  };
}

/** Where hosts keep their work; undefined where the settings want none. */
export function workspaceOf(scope: Construct, settings: Settings, vpc: IVpc): Workspace | undefined {
  if (settings.workspace === undefined) return undefined;
  return settings.workspace.mode === 'shared'
    ? Workspace.shared(importedFileSystem(scope, settings))
    : Workspace.volume(importedVolume(scope, settings, firstZoneOf(vpc)));
}

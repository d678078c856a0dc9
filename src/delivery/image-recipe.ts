import { createHash } from 'node:crypto';
import { Size, Stack } from 'aws-cdk-lib';
import { InstanceArchitecture } from 'aws-cdk-lib/aws-ec2';
import { CfnComponent, CfnImageRecipe } from 'aws-cdk-lib/aws-imagebuilder';
import { Construct } from 'constructs';
import type { GizmoSqlRelease } from '../workbench/gizmosql-release';
import type { HostBundle } from '../workbench/host-bundle';
import { imageDocument } from './image-document';

export interface ImageRecipeProps {
  /** The name of component and recipe. */
  readonly name: string;
  readonly architecture: InstanceArchitecture;
  readonly bundle: HostBundle;
  readonly gizmosql: GizmoSqlRelease;
}

/** Amazon Linux and the software take 5 GiB; a host's own disk is as large as its launch template says. */
const ROOT_VOLUME = Size.gibibytes(10);

/** What recipes of every processor have. */
const BUILD = {
  blockDeviceMappings: [
    {
      deviceName: '/dev/xvda',
      ebs: {
        volumeType: 'gp3',
        volumeSize: ROOT_VOLUME.toGibibytes(),
        encrypted: true,
        deleteOnTermination: true,
      },
    },
  ],
  // The host's own way in is the agent that Amazon Linux has: it stays.
  additionalInstanceConfiguration: { systemsManagerAgent: { uninstallAfterBuild: false } },
};

const PARENTS = {
  [InstanceArchitecture.X86_64]: 'amazon-linux-2023-x86',
  [InstanceArchitecture.ARM_64]: 'amazon-linux-2023-arm64',
};

/**
 * What an image is made of: the newest Amazon Linux 2023 at the time of each build, and a component that runs
 * `host/install`. A version of either never changes on AWS, so each content has a version of its own, made from its hash.
 */
export class ImageRecipe extends Construct {
  /** As Image Builder writes it: three numbers. */
  public readonly version: string;
  public readonly recipeArn: string;
  public readonly componentArn: string;

  constructor(scope: Construct, id: string, props: ImageRecipeProps) {
    super(scope, id);
    const { name, architecture, bundle, gizmosql } = props;
    const stack = Stack.of(this);
    const document = imageDocument({
      region: stack.region,
      bundleUrl: bundle.s3Url,
      bundleDigest: bundle.digest,
      gizmosqlVersion: gizmosql.version,
      gizmosqlSha256: gizmosql.sha256(architecture),
    });
    const content = { parentImage: parentImage(this, architecture), ...BUILD };
    this.version = versionOf(stack.resolve([name, document, content]));
    const component = new CfnComponent(this, 'Component', {
      name,
      version: this.version,
      platform: 'Linux',
      description: 'TableSleuth, GizmoSQL and nginx, each pinned by checksum',
      supportedOsVersions: ['Amazon Linux 2023'],
      data: stack.toJsonString(document),
    });
    const recipe = new CfnImageRecipe(this, 'Resource', {
      ...content,
      name,
      version: this.version,
      description: 'A TableSleuth host without anything of one host',
      components: [{ componentArn: component.attrArn }],
    });
    this.componentArn = component.attrArn;
    this.recipeArn = recipe.attrArn;
  }
}

/** The newest one at the time of a build. */
function parentImage(scope: Construct, architecture: InstanceArchitecture): string {
  const resourceName = `${PARENTS[architecture]}/x.x.x`;
  return Stack.of(scope).formatArn({ service: 'imagebuilder', account: 'aws', resource: 'image', resourceName });
}

/** 84 bits of a hash as three numbers of 28 bits; Image Builder takes 30. */
export function versionOf(content: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return [0, 7, 14].map((start) => Number.parseInt(hash.slice(start, start + 7), 16)).join('.');
}

import type { pipelines } from 'aws-cdk-lib';
import { Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IAlias, IKey } from 'aws-cdk-lib/aws-kms';

/**
 * Denies what CDK Pipelines grants beyond its need. Its own statements cannot be changed, and a denial outweighs them.
 *
 * @internal
 */
export function narrowRoles(pipeline: pipelines.CodePipeline, key: IKey): void {
  startNoBuilds(pipeline);
  useOwnKeys(pipeline, key);
}

/** What publishes assets may start and stop every build of the account. It is started by the pipeline, and starts none. */
function startNoBuilds(pipeline: pipelines.CodePipeline): void {
  const role = pipeline.node.tryFindChild('Assets')?.node.tryFindChild('FileRole') as Role | undefined;
  role?.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'StartNoBuilds',
      effect: Effect.DENY,
      actions: ['codebuild:StartBuild', 'codebuild:StopBuild', 'codebuild:BatchGetBuilds'],
      resources: ['*'],
    }),
  );
}

/**
 * The key of a bucket in another region is known by its alias alone, so that CDK lets the pipeline use every key of the
 * account. The condition holds for keys without an alias, too.
 */
function useOwnKeys({ pipeline }: pipelines.CodePipeline, key: IKey): void {
  const aliases = Object.values(pipeline.crossRegionSupport).flatMap(({ replicationBucket }) => {
    const alias = replicationBucket.encryptionKey as IAlias | undefined;
    return alias === undefined ? [] : [alias.aliasName];
  });
  if (aliases.length > 0) {
    pipeline.addToRolePolicy(
      new PolicyStatement({
        sid: 'UseOwnKeys',
        effect: Effect.DENY,
        actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
        notResources: [key.keyArn],
        conditions: { 'ForAllValues:StringNotEquals': { 'kms:ResourceAliases': aliases } },
      }),
    );
  }
}

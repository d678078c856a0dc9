import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { RotatedSecret } from './rotation';

/** A secret in Secrets Manager. The function may not read its value, and does not need to. */
export class ManagedSecret implements RotatedSecret {
  constructor(
    private readonly client: SecretsManagerClient,
    private readonly id: string,
  ) {}

  async stagesOf(version: string): Promise<readonly string[] | undefined> {
    return (await this.stages())[version];
  }

  async propose(version: string, password: string): Promise<void> {
    const command = new PutSecretValueCommand({
      SecretId: this.id,
      ClientRequestToken: version,
      SecretString: password,
      VersionStages: ['AWSPENDING'],
    });
    await this.client.send(command).catch((error: unknown) => {
      // A repeated step: the version has a value already, and keeps it.
      if (!(error instanceof ResourceExistsException)) throw error;
    });
  }

  async makeCurrent(version: string): Promise<void> {
    const [current] = Object.entries(await this.stages()).find(([, stages]) => stages.includes('AWSCURRENT')) ?? [];
    await this.client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: this.id,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: version,
        RemoveFromVersionId: current,
      }),
    );
  }

  async dropPending(version: string): Promise<void> {
    await this.client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: this.id,
        VersionStage: 'AWSPENDING',
        RemoveFromVersionId: version,
      }),
    );
  }

  private async stages(): Promise<Record<string, readonly string[]>> {
    const { VersionIdsToStages } = await this.client.send(new DescribeSecretCommand({ SecretId: this.id }));
    return VersionIdsToStages ?? {};
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { TaggedHosts } from './hosts';
import { newPassword } from './password';
import { rotate, type RotationEvent } from './rotation';
import { ManagedSecret } from './secret';

const { HOST_TAG_KEY = '', HOST_TAG_VALUE = '', DOCUMENT_NAME = '' } = process.env;

const ec2 = new EC2Client();
const ssm = new SSMClient();
const secrets = new SecretsManagerClient();

export async function handler(
  event: RotationEvent,
  context: { readonly getRemainingTimeInMillis: () => number },
): Promise<void> {
  const hosts = new TaggedHosts(ec2, ssm, {
    tag: { key: HOST_TAG_KEY, value: HOST_TAG_VALUE },
    documentName: DOCUMENT_NAME,
    end: Date.now() + context.getRemainingTimeInMillis(),
    now: Date.now,
    sleep,
  });
  await rotate(event, {
    secret: new ManagedSecret(secrets, event.SecretId),
    hosts,
    newPassword,
    log: (line) => console.log(JSON.stringify(line)),
  });
}

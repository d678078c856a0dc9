import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateVolumeCommand, EC2Client, GetEbsEncryptionByDefaultCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from './deployment';
import { pasted } from './fixtures/pasted';

const CREATE = 'compliance.recorder=create';

/** One story in one account: rules of AWS Config on, judged, off and on again. */
describe('rules of AWS Config in an emulated account', { concurrent: false }, () => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await Deployment.start('compliance', { enforceIam: true });
    const { exitCode, output } = await deployment.deploy('useSpot=true', CREATE);
    expect(exitCode, output).toBe(0);
  });

  afterAll(() => deployment?.stop());

  const config = async <Answer>(operation: string) =>
    JSON.parse(await pasted(deployment.account, `aws configservice ${operation} --region us-east-2`)) as Answer;

  test('records instances, networks and buckets, and nothing else', async () => {
    const { ConfigurationRecorders } = await config<{ ConfigurationRecorders: object[] }>(
      'describe-configuration-recorders',
    );
    expect(ConfigurationRecorders).toMatchObject([
      {
        roleARN: expect.stringMatching(
          /role\/aws-service-role\/config.amazonaws.com\/AWSServiceRoleForConfig$/,
        ) as string,
        recordingGroup: {
          allSupported: false,
          resourceTypes: ['AWS::EC2::Instance', 'AWS::EC2::VPC', 'AWS::S3::Bucket'],
        },
      },
    ]);
    const { ConfigurationRecordersStatus: status } = await config<{ ConfigurationRecordersStatus: object[] }>(
      'describe-configuration-recorder-status',
    );
    expect(status).toMatchObject([{ recording: true }]);
  });

  test('has switched encryption of new disks on, so that its rule passes', async () => {
    const ec2 = new EC2Client(deployment.account.client);
    expect(await ec2.send(new GetEbsEncryptionByDefaultCommand({}))).toMatchObject({ EbsEncryptionByDefault: true });
    const volume = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: 'us-east-2a', Size: 1 }));
    expect(volume.Encrypted).toBe(true);
    expect((await compliance())['EC2_EBS_ENCRYPTION_BY_DEFAULT']).toBe('COMPLIANT');
  });

  test('judges all that the product makes as it should be', async () => {
    expect(await compliance()).toEqual({
      EC2_EBS_ENCRYPTION_BY_DEFAULT: 'COMPLIANT',
      EC2_IMDSV2_CHECK: 'COMPLIANT',
      S3_BUCKET_PUBLIC_READ_PROHIBITED: 'COMPLIANT',
      S3_BUCKET_PUBLIC_WRITE_PROHIBITED: 'COMPLIANT',
      // The account's default network, which no product made.
      VPC_FLOW_LOGS_ENABLED: 'NON_COMPLIANT',
    });
    expect(await offenders('VPC_FLOW_LOGS_ENABLED')).toEqual([expect.stringMatching(/^vpc-/)]);
  });

  test('finds a bucket that the public can read', async () => {
    const s3 = new S3Client(deployment.account.client);
    await s3.send(new CreateBucketCommand({ Bucket: 'open-to-all' }));
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket: 'open-to-all' }));
    const statement = {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::open-to-all/*',
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'open-to-all', Policy }));
    expect(await offenders('S3_BUCKET_PUBLIC_READ_PROHIBITED')).toEqual(['open-to-all']);
    expect(await offenders('S3_BUCKET_PUBLIC_WRITE_PROHIBITED')).toEqual([]);
  });

  test('takes nothing but itself away when it is switched off: encryption stays on, the history stays', async () => {
    const buckets = await bucketNames();
    const { exitCode, output } = await deployment.deploy('useSpot=true');
    expect(exitCode, output).toBe(0);
    expect((await config<{ ConfigRules: object[] }>('describe-config-rules')).ConfigRules).toEqual([]);
    const encryption = await new EC2Client(deployment.account.client).send(new GetEbsEncryptionByDefaultCommand({}));
    expect(encryption.EbsEncryptionByDefault).toBe(true);
    expect(await bucketNames()).toEqual(buckets);
  });

  test('comes back, with the role that AWS Config has had since', async () => {
    const { exitCode, output } = await deployment.deploy('useSpot=true', CREATE);
    expect(exitCode, output).toBe(0);
    expect((await compliance())['EC2_EBS_ENCRYPTION_BY_DEFAULT']).toBe('COMPLIANT');
  });

  async function rules(): Promise<Array<{ ConfigRuleName: string; Source: { SourceIdentifier: string } }>> {
    return (await config<{ ConfigRules: Awaited<ReturnType<typeof rules>> }>('describe-config-rules')).ConfigRules;
  }

  async function compliance(): Promise<Record<string, string>> {
    const { ComplianceByConfigRules: all } = await config<{
      ComplianceByConfigRules: Array<{ ConfigRuleName: string; Compliance: { ComplianceType: string } }>;
    }>('describe-compliance-by-config-rule');
    const typeOf = (name: string) => all.find((one) => one.ConfigRuleName === name)!.Compliance.ComplianceType;
    return Object.fromEntries(
      (await rules()).map((rule) => [rule.Source.SourceIdentifier, typeOf(rule.ConfigRuleName)]),
    );
  }

  async function offenders(identifier: string): Promise<string[]> {
    const rule = (await rules()).find(({ Source }) => Source.SourceIdentifier === identifier)!;
    return config(
      `get-compliance-details-by-config-rule --config-rule-name ${rule.ConfigRuleName} --compliance-types NON_COMPLIANT ` +
        "--query 'EvaluationResults[].EvaluationResultIdentifier.EvaluationResultQualifier.ResourceId'",
    );
  }

  async function bucketNames(): Promise<string[]> {
    return JSON.parse(
      await pasted(deployment.account, "aws s3api list-buckets --region us-east-2 --query 'Buckets[].Name'"),
    ) as string[];
  }
});

import { Duration } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { Access } from '../../../src';
import { statementsOf } from '../../support/iam';
import { plain, propertiesOf, resourceOf } from '../../support/template';
import { hostTemplate, workbenchTemplate } from '../../support/workbench';

const DOCUMENT = 'AWS::SSM::Document';

describe('fails when a session may be silent for', () => {
  test.each([0, 61, 1440])('%i minutes', (minutes) => {
    expect(() => Access.sessionManager({ idleTimeout: Duration.minutes(minutes) })).toThrow(
      `idleTimeout of a session is ${minutes} minutes, expected 1 to 60`,
    );
  });
});

test.each([1, 60])('a session may be silent for %i minutes', (minutes) => {
  const access = Access.sessionManager({ idleTimeout: Duration.minutes(minutes) });
  const { Content } = propertiesOf(hostTemplate({ access }), DOCUMENT);
  expect(Content).toMatchObject({ inputs: { idleSessionTimeout: `${minutes}` } });
});

describe('a session', () => {
  const template = workbenchTemplate();

  test('is encrypted with the key of the workbench and recorded as it happens in the session log', () => {
    const key = resourceOf(template, 'AWS::KMS::Key').id;
    expect(plain(template, propertiesOf(template, DOCUMENT))).toMatchObject({
      DocumentType: 'Session',
      UpdateMethod: 'NewVersion',
      Content: {
        sessionType: 'Standard_Stream',
        inputs: {
          cloudWatchLogGroupName: expect.stringMatching(/^<DataSessionLogs/) as unknown,
          cloudWatchEncryptionEnabled: true,
          cloudWatchStreamingEnabled: true,
          kmsKeyId: `<${key}.Arn>`,
          idleSessionTimeout: '20',
          runAsEnabled: false,
        },
      },
    });
  });

  test('is all that the host may have with Systems Manager, and it writes no log but the session log', () => {
    const statements = statementsOf(template).filter(({ policy }) => policy.includes('HostRole'));
    const ssm = statements.flatMap(({ actions }) => actions).filter((action) => action.startsWith('ssm'));
    expect(ssm.sort()).toEqual([
      'ssm:UpdateInstanceInformation',
      'ssmmessages:CreateControlChannel',
      'ssmmessages:CreateDataChannel',
      'ssmmessages:OpenControlChannel',
      'ssmmessages:OpenDataChannel',
    ]);
    const [sessionLog] = statements.filter(({ sid }) => sid === 'WriteSessionLog');
    expect(sessionLog?.resources).toEqual([expect.stringMatching(/^<DataSessionLogs\w+\.Arn>$/)]);
  });
});

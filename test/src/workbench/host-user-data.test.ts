import { spawnSync } from 'node:child_process';
import { CfnParameter } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { hostUserData } from '../../../src/workbench/host-user-data';
import { inStack } from '../../support/synthesis';
import { hostScript, USER_DATA_OPTIONS } from '../../support/user-data';

test('is a script that bash understands', () => {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: hostScript(), encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

describe('fails with a setting that the shell would not read as it is written', () => {
  test.each(['a"b', '$(id)', '`id`', 'a\\b', 'a\nb'])('%j', (value) => {
    expect(() => hostUserData({ ...USER_DATA_OPTIONS, settings: { GIZMOSQL_USERNAME: value } })).toThrow(
      `GIZMOSQL_USERNAME is ${JSON.stringify(value)}, expected no quote, dollar, backtick, backslash or line break`,
    );
  });
});

test('a setting that is known only at deployment passes', () => {
  inStack((stack) => {
    const value = new CfnParameter(stack, 'Name').valueAsString;
    expect(hostUserData({ ...USER_DATA_OPTIONS, settings: { GIZMOSQL_USERNAME: value } })).toContain(
      `GIZMOSQL_USERNAME="${value}"`,
    );
  });
});

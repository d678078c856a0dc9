import { describe, expect, test } from 'vitest';
import { FindingsApi, type FindingsApiProps } from '../../../src';
import { servicePartsIn } from '../../support/findings-service';
import { ACCOUNT, REGION, templateOf } from '../../support/synthesis';
import { propertiesOf, resourcesOf } from '../../support/template';

const templateWith = (props: Partial<FindingsApiProps> = {}) =>
  templateOf((stack) => {
    const { logGroup, ...parts } = servicePartsIn(stack);
    new FindingsApi(stack, 'Api', { ...parts, functionLog: logGroup, requestLog: logGroup, ...props });
  });

const POOL = `arn:aws:cognito-idp:${REGION}:${ACCOUNT}:userpool/${REGION}_AbCdEf123`;

describe.each([
  [{}, 'AWS_IAM'],
  [{ userPoolArn: POOL }, 'COGNITO_USER_POOLS'],
])('the API with %o', (props, authorization) => {
  const template = templateWith(props);

  test(`answers nobody who is not known by ${authorization}, on any path`, () => {
    const methods = resourcesOf(template, 'AWS::ApiGateway::Method');
    expect(methods).toHaveLength(2);
    for (const { Properties } of methods) {
      expect(Properties).toMatchObject({ AuthorizationType: authorization, HttpMethod: 'ANY' });
      expect(Properties?.RequestValidatorId).toBeDefined();
    }
  });
});

test('is the stage v1, throttled, with a log of its requests', () => {
  const { StageName, MethodSettings, AccessLogSetting } = propertiesOf(
    templateWith({ requestsPerSecond: 20 }),
    'AWS::ApiGateway::Stage',
  );
  expect(StageName).toBe('v1');
  expect(MethodSettings).toEqual([
    expect.objectContaining({ ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40, ResourcePath: '/*' }),
  ]);
  expect(AccessLogSetting).toBeDefined();
});

test.each([
  [undefined, 0],
  [`arn:aws:wafv2:${REGION}:${ACCOUNT}:regional/webacl/findings/1234abcd-12ab-34cd-56ef-1234567890ab`, 1],
])('has the web ACL %s in front', (webAclArn, count) => {
  expect(resourcesOf(templateWith({ webAclArn }), 'AWS::WAFv2::WebACLAssociation')).toHaveLength(count);
});

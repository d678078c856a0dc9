import { Duration, Stack } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  AuthorizationType,
  AwsIntegration,
  CognitoUserPoolsAuthorizer,
  EndpointType,
  LogGroupLogDestination,
  type MethodOptions,
  RestApi,
  type StageOptions,
} from 'aws-cdk-lib/aws-apigateway';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { HandlerFunction } from '../private/handler-function';
import { acknowledgeApi } from './api-findings';
import type { FindingsDatabase } from './findings-database';
import type { ServiceNetwork } from './service-network';

/** Properties of `FindingsApi`. */
export interface FindingsApiProps {
  /** Where answers come from. */
  readonly database: FindingsDatabase;
  /** The network that the database is in. */
  readonly network: ServiceNetwork;
  /** Encrypts the function's environment. */
  readonly encryptionKey: IKey;
  /** Where the function writes its log. */
  readonly functionLog: ILogGroup;
  /** Where requests are logged: who asked for what, and how it ended. */
  readonly requestLog: ILogGroup;

  /**
   * The user pool whose people may ask, with the token that they sign in with.
   *
   * @default - requests are signed with AWS credentials, and IAM says who may ask: `execute-api:Invoke`
   */
  readonly userPoolArn?: string;

  /**
   * How many requests a second are answered, on average; the others get 429.
   *
   * @default 50
   */
  readonly requestsPerSecond?: number;

  /**
   * A web ACL of AWS WAF, of this region, that looks at requests first.
   *
   * @default - none looks
   */
  readonly webAclArn?: string;
}

const STAGE = 'v1';
/** API Gateway waits no longer; a paused database takes about 15 seconds to come back. */
const TIMEOUT = Duration.seconds(29);

/**
 * The API of findings: API Gateway's REST API, stage `v1`, and a function in the network of the database, whose user may
 * read and nothing else. Nobody unsigned gets an answer. $3.50 for a million requests.
 */
export class FindingsApi extends Construct {
  /** Where it is: `https://…/v1/`. */
  public readonly url: string;

  /** The name of the API, and its stage, as its metrics have them. */
  public readonly apiName: string;

  /** The function that answers. */
  public readonly function: IFunction;

  constructor(scope: Construct, id: string, props: FindingsApiProps) {
    super(scope, id);
    this.function = this.handler(props);
    const api = new RestApi(this, 'Resource', {
      restApiName: `${Stack.of(this).stackName}-findings`,
      description: 'Findings about tables',
      endpointTypes: [EndpointType.REGIONAL],
      deployOptions: stage(props),
      // Access logs need a role of the whole account in this region; it stays, because other APIs may use it by then.
      cloudWatchRole: true,
    });
    // The stack says where it is, by a name of its own.
    api.node.tryRemoveChild('Endpoint');
    const integration = this.integration(api);
    const validator = api.addRequestValidator('Validator', {
      validateRequestParameters: true,
      validateRequestBody: true,
    });
    const options: MethodOptions = { ...authorization(this, props.userPoolArn), requestValidator: validator };
    const methods = [api.root, api.root.addResource('{proxy+}')].map((resource) =>
      resource.addMethod('ANY', integration, options),
    );
    if (props.webAclArn !== undefined) {
      new CfnWebACLAssociation(this, 'WebAcl', {
        resourceArn: api.deploymentStage.stageArn,
        webAclArn: props.webAclArn,
      });
    }
    acknowledgeApi(api, { methods, ...props });
    this.url = api.url;
    this.apiName = api.restApiName;
  }

  /** As CDK's own, whose permissions have ids that are other ones in a stage of a pipeline, and let a test stage in as well. */
  private integration(api: RestApi): AwsIntegration {
    this.function.addPermission('Api', {
      principal: new ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: api.arnForExecuteApi('*', '/*', STAGE),
    });
    const path = `2015-03-31/functions/${this.function.functionArn}/invocations`;
    return new AwsIntegration({ service: 'lambda', proxy: true, path, options: { timeout: TIMEOUT } });
  }

  private handler({ database, network, encryptionKey, functionLog }: FindingsApiProps): IFunction {
    const place = network._handlerNetwork(this, 'The API of findings');
    database.allow(this, place.securityGroup, 'API');
    return new HandlerFunction(this, 'Function', {
      handler: 'findings-api',
      description: 'Answers questions about findings',
      timeout: TIMEOUT,
      environment: database.environment('findings_api'),
      statements: [database.signInStatement('findings_api')],
      wildcards: 'Network interfaces are asked for by Lambda itself alone, before they have a name',
      encryptionKey,
      logGroup: functionLog,
      noQueue: 'API Gateway waits for its answer: there is no event to lose',
      network: place,
    }).function;
  }
}

function stage({ requestLog, requestsPerSecond = 50 }: FindingsApiProps): StageOptions {
  return {
    stageName: STAGE,
    accessLogDestination: new LogGroupLogDestination(requestLog),
    accessLogFormat: AccessLogFormat.jsonWithStandardFields(),
    metricsEnabled: true,
    throttlingRateLimit: requestsPerSecond,
    throttlingBurstLimit: 2 * requestsPerSecond,
  };
}

function authorization(scope: Construct, userPoolArn: string | undefined): MethodOptions {
  if (userPoolArn === undefined) return { authorizationType: AuthorizationType.IAM };
  const authorizer = new CognitoUserPoolsAuthorizer(scope, 'People', {
    cognitoUserPools: [UserPool.fromUserPoolArn(scope, 'UserPool', userPoolArn)],
  });
  return { authorizationType: AuthorizationType.COGNITO, authorizer };
}

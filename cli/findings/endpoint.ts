import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { Mistake } from '../mistake';
import type { FindingsApi } from './api';

/** Where a stack is. */
export interface StackPlace {
  readonly stack: string;
  readonly region: string;
}

/** The only client of the command; what it signs with is what the API is asked with. */
export function cloudFormation({ region }: Pick<StackPlace, 'region'>): CloudFormationClient {
  return new CloudFormationClient({ region });
}

/**
 * The API that a stack says it has, for whoever the client asks as.
 *
 * @throws Mistake with what to do
 */
export async function findApi({ stack, region }: StackPlace, client: CloudFormationClient): Promise<FindingsApi> {
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack })).catch((error: Error) => {
    throw new Mistake(whyNot(stack, region, error));
  });
  const output = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'ApiEndpoint');
  if (output?.OutputValue === undefined) {
    throw new Mistake(`the stack ${stack} in ${region} has no output ApiEndpoint: deploy it again, it is not complete`);
  }
  return { endpoint: output.OutputValue, region, credentials: client.config.credentials };
}

function whyNot(stack: string, region: string, { name, message }: Error): string {
  if (/does not exist/.test(message)) {
    return `there is no stack ${stack} in ${region}: deploy the environment with its setting \`service\`, or name its region with -c region=…`;
  }
  if (/^(ExpiredToken|RequestExpired|TokenRefreshRequired|ExpiredTokenException)$/.test(name)) {
    return `your AWS credentials have expired: sign in to AWS again (with IAM Identity Center: \`aws sso login\`): ${message}`;
  }
  if (name === 'CredentialsProviderError') {
    return `there are no AWS credentials: sign in to AWS (\`aws configure\`, \`aws sso login\`, AWS_PROFILE): ${message}`;
  }
  if (/^(AccessDenied|UnauthorizedOperation|AccessDeniedException)$/.test(name)) {
    return `you may not look at the stack ${stack}: somebody who may must allow you \`cloudformation:DescribeStacks\` on it, or name the API with --endpoint: ${message}`;
  }
  return `the stack ${stack} in ${region} could not be looked at: ${name}: ${message}`;
}

import { assertLoopback, type EmulatedAccount } from './account';

/**
 * Where an API of API Gateway is in the emulated account: a stack's output names a host of AWS's, which does not exist here.
 *
 * @param url such as `https://f84abc98.execute-api.us-east-2.amazonaws.com/v1/`
 */
export function apiEndpoint({ endpoint }: Pick<EmulatedAccount, 'endpoint'>, url: string): string {
  assertLoopback(endpoint);
  const { hostname, pathname } = new URL(url);
  const [id, service] = hostname.split('.');
  if (service !== 'execute-api') throw new Error(`${url} is no API of API Gateway, whose host has execute-api in it`);
  return `${endpoint}/_aws/execute-api/${id}${pathname}`;
}

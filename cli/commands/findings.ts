import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { settingsOfRegions } from '../../app/settings';
import { stackName } from '../../app/stacks/environment';
import { ServiceStack } from '../../app/stacks/service-stack';
import type { Command, ParsedValues } from '../command';
import { checkWay, type FindingsApi, NotAsked } from '../findings/api';
import { cloudFormation, findApi, type StackPlace } from '../findings/endpoint';
import { type FindingsProxy, startFindingsProxy } from '../findings/proxy';
import { Mistake } from '../mistake';
import { contextOf, settingsIn } from '../settings';

const OPTIONS = {
  environment: { type: 'string', short: 'e' },
  context: { type: 'string', short: 'c', multiple: true },
  region: { type: 'string' },
  endpoint: { type: 'string' },
  port: { type: 'string' },
  json: { type: 'boolean' },
} as const;

const USAGE = `npm run findings -- [-c environment=dev] [--region us-east-2] [--endpoint https://…/v1/] [--port 8081] [--json]

Opens the page of findings to a browser of this computer: the worst tables, what got worse, and the trend of each. It serves
127.0.0.1 alone, signs what the browser asks with your AWS credentials, and ends with Ctrl-C. Nothing is changed. You need
cloudformation:DescribeStacks on the stack (not with --endpoint), and execute-api:Invoke on the API.

  --region    which of several regions; the first one unless it is said
  --endpoint  the stack's output ApiEndpoint, where the stack is not to be looked at
  --port      one that stays the same, to be forwarded: ssh -L 8081:127.0.0.1:8081
  --json      tells the address for a program: {"url", "endpoint", "region"}`;

/** What the command takes from outside. */
export interface FindingsPorts {
  readonly client: (place: Pick<StackPlace, 'region'>) => CloudFormationClient;
  /** Resolves when the person has seen enough. */
  readonly ended: () => Promise<void>;
}

const OF_THIS_PROCESS: FindingsPorts = {
  client: cloudFormation,
  ended: () =>
    new Promise((resolve) => ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((each) => process.once(each, () => resolve()))),
};

export function findingsCommand({ client, ended }: FindingsPorts = OF_THIS_PROCESS): Command<typeof OPTIONS> {
  return {
    name: 'findings',
    summary: 'The page of findings, in a browser of this computer',
    usage: USAGE,
    options: OPTIONS,
    run: async (values, output) => {
      const place = placeOf(values);
      const api = await apiOf(values.endpoint, place, client(place));
      const proxy = await open(api, portOf(values.port));
      const { endpoint, region } = api;
      const told = values.json ? JSON.stringify({ url: proxy.url, endpoint, region }) : proxy.url;
      output.result(told);
      output.progress(`Findings of ${endpoint}. The address is good for one browser; Ctrl-C ends it.`);
      await ended();
      await proxy.close();
    },
  };
}

type Values = ParsedValues<typeof OPTIONS>;

function placeOf({ environment, context = [], region, endpoint }: Values): StackPlace {
  const asked = environment === undefined ? context : [...context, `environment=${environment}`];
  const regions = settingsOfRegions(settingsIn(contextOf(asked)));
  const settings = region === undefined ? regions[0] : regions.find((each) => each.region === region);
  if (settings === undefined) {
    throw new Mistake(`--region: got ${region}, wants one of ${regions.map((each) => each.region).join(', ')}`);
  }
  if (endpoint === undefined && !ServiceStack.isNeeded(settings)) {
    throw new Mistake(
      `the environment ${settings.environment} has no findings service: give it the setting \`service\`, and deploy it`,
    );
  }
  return { stack: stackName('Service', settings), region: settings.region };
}

async function apiOf(
  endpoint: string | undefined,
  place: StackPlace,
  client: CloudFormationClient,
): Promise<FindingsApi> {
  if (endpoint === undefined) return findApi(place, client);
  if (!URL.canParse(endpoint)) throw new Mistake(`--endpoint: got ${endpoint}, wants a URL such as https://…/v1/`);
  return { endpoint, region: place.region, credentials: client.config.credentials };
}

async function open(api: FindingsApi, port: number | undefined): Promise<FindingsProxy> {
  try {
    await checkWay(api);
    return await startFindingsProxy({ ...api, port });
  } catch (error) {
    if (error instanceof NotAsked) throw new Mistake(`${error.explanation.title}: ${error.explanation.detail}`);
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
    throw new Mistake(`--port: ${port} is taken on this computer, choose another one`);
  }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Mistake(`--port: got ${text}, wants a port from 1 to 65535`);
}

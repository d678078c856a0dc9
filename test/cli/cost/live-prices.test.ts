import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findPrices } from '../../../cli/cost/find-prices';
import { livePrices } from '../../../cli/cost/live-prices';

const NOW = new Date('2026-11-25T12:00:00Z');

interface Asked {
  readonly target: string | undefined;
  readonly authorization: string;
  readonly body: string;
}

/** Stands in for AWS's Price List Query API and for EC2: it answers in their form, but checks no signature. */
class AwsStandIn {
  public readonly asked: Asked[] = [];
  private server: Server | undefined;

  /** What it answers, by what it was asked. */
  constructor(private readonly answer: (asked: Asked) => string | number | undefined) {}

  public async start(): Promise<string> {
    this.server = createServer((request, response) => {
      void read(request).then((asked) => {
        this.asked.push(asked);
        const answer = this.answer(asked);
        if (answer === undefined) return;
        response.statusCode = typeof answer === 'number' ? answer : 200;
        response.end(typeof answer === 'number' ? '' : answer);
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  public stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}

async function read(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const target = request.headers['x-amz-target'];
  return {
    target: typeof target === 'string' ? target : undefined,
    authorization: request.headers.authorization ?? '',
    body: Buffer.concat(chunks).toString(),
  };
}

/** A product of the price list with one price, as AWS nests it. */
function product(usd: string): string {
  const priceDimensions = { 'A.B.C': { unit: 'Hrs', beginRange: '0', endRange: 'Inf', pricePerUnit: { USD: usd } } };
  return JSON.stringify({ product: { sku: 'A' }, terms: { OnDemand: { 'A.B': { priceDimensions } } } });
}

function priceList(prices: Readonly<Record<string, readonly string[]>>): (asked: Asked) => string {
  return ({ target, body }) => {
    if (target === undefined) return SPOT_HISTORY;
    const { Filters } = JSON.parse(body) as { Filters: Array<{ Field: string; Value: string }> };
    const values = Filters.map(({ Value }) => Value);
    const [, found = []] = Object.entries(prices).find(([name]) => values.includes(name)) ?? [];
    return JSON.stringify({ FormatVersion: 'aws_v1', PriceList: found.map(product) });
  };
}

const spot = (type: string, price: string) =>
  `<item><instanceType>${type}</instanceType><spotPrice>${price}</spotPrice><productDescription>Linux/UNIX</productDescription></item>`;
const SPOT_HISTORY = `<DescribeSpotPriceHistoryResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><spotPriceHistorySet>${spot('t3.small', '0.006')}${spot('t3.small', '0.008')}</spotPriceHistorySet><nextToken/></DescribeSpotPriceHistoryResponse>`;

describe('today’s prices, from a stand-in for AWS', () => {
  let aws: AwsStandIn;

  async function standIn(answer: (asked: Asked) => string | number | undefined): Promise<void> {
    aws = new AwsStandIn(answer);
    vi.stubEnv('AWS_ENDPOINT_URL', await aws.start());
  }

  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    aws.stop();
  });

  const readPrices = () =>
    livePrices({ now: () => NOW, patienceMs: 2000 }).read('us-east-2', ['t3.small', 't3a.small']);

  test('are the price list’s on demand, and the mean of the spot history', async () => {
    await standIn(priceList({ 't3.small': ['0.0300000000'], gp3: ['0.0900000000'] }));
    const book = await readPrices();
    expect(book.onDemand('t3.small')).toBe(0.03);
    expect(book.spot('t3.small')).toBeCloseTo(0.007, 10);
    expect(book.rate('gp3Gb')).toBe(0.09);
    expect(book.source).toContain('as AWS has them on 2026-11-25');
  });

  test('are asked for by region, type and system, signed for the price list', async () => {
    await standIn(priceList({}));
    await readPrices();
    const lists = aws.asked.filter(({ target }) => target === 'AWSPriceListService.GetProducts');
    const small = lists.find(({ body }) => body.includes('t3.small'));
    expect(JSON.parse(small?.body ?? '{}')).toMatchObject({
      ServiceCode: 'AmazonEC2',
      Filters: expect.arrayContaining([
        { Type: 'TERM_MATCH', Field: 'regionCode', Value: 'us-east-2' },
        { Type: 'TERM_MATCH', Field: 'instanceType', Value: 't3.small' },
        { Type: 'TERM_MATCH', Field: 'operatingSystem', Value: 'Linux' },
      ]),
    });
    expect(small?.authorization).toMatch(/Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/pricing\/aws4_request/);
    expect(aws.asked.find(({ target }) => target === undefined)?.body).toContain('Action=DescribeSpotPriceHistory');
  });

  test('are dated ones where AWS names none or several', async () => {
    await standIn(priceList({ 't3.small': ['0.03', '0.04'] }));
    const book = await readPrices();
    expect(book.onDemand('t3.small')).toBe(0.0208);
    expect(book.spot('t3a.small')).toBe(0.009776);
    expect(book.rate('kmsKey')).toBe(1);
  });

  test.each<[string, (asked: Asked) => string | number | undefined, string]>([
    ['AWS refuses', ({ target }) => (target === undefined ? SPOT_HISTORY : 403), 'the price list answered 403'],
    ['AWS does not answer', () => undefined, 'AWS took too long'],
  ])('are dated ones when %s, with one line that says so', async (_name, answer, reason) => {
    await standIn(answer);
    const told: string[] = [];
    const props = { region: 'us-east-2', instanceTypes: ['t3.small'], tell: (line: string) => void told.push(line) };
    const book = await findPrices({ ...props, offline: false, live: livePrices({ patienceMs: 500 }) });
    expect(book.onDemand('t3.small')).toBe(0.0208);
    expect(told).toEqual([expect.stringContaining(reason)]);
  });

  test('are not asked for offline', async () => {
    await standIn(priceList({}));
    await findPrices({
      region: 'us-east-2',
      instanceTypes: ['t3.small'],
      offline: true,
      tell: () => expect.fail('asked'),
    });
    expect(aws.asked).toEqual([]);
  });
});

import { EC2Client } from '@aws-sdk/client-ec2';

/** AWS answers for all regions from a few; this is the first of them. */
const REGION = 'us-east-1';
const ENDPOINT = `https://api.pricing.${REGION}.amazonaws.com`;
const TARGET = 'AWSPriceListService.GetProducts';

/** Attributes of a product and the values that they must have. */
export type PriceFilters = Readonly<Record<string, string>>;

interface PriceListItem {
  readonly terms: {
    readonly OnDemand?: Readonly<Record<string, { readonly priceDimensions: Readonly<Record<string, Dimension>> }>>;
  };
}

interface Dimension {
  readonly beginRange?: string;
  readonly pricePerUnit: { readonly USD?: string };
}

/**
 * AWS's Price List Query API, as far as prices of EC2 are asked of it. The signature and the credentials are those of the
 * SDK's EC2 client: a client for this one call would be one more package.
 */
export class PricingApi {
  private readonly ec2 = new EC2Client({ region: REGION, maxAttempts: 1 });
  private readonly endpoint: URL;

  constructor(
    private readonly signal: AbortSignal,
    endpoint = process.env.AWS_ENDPOINT_URL_PRICING ?? process.env.AWS_ENDPOINT_URL ?? ENDPOINT,
  ) {
    this.endpoint = new URL(endpoint);
  }

  /** The price of a unit of the one product that the filters leave; undefined when they leave none, or several prices. */
  public async price(region: string, filters: PriceFilters): Promise<number | undefined> {
    const all = { regionCode: region, ...filters };
    const { PriceList = [] } = (await this.call({
      ServiceCode: 'AmazonEC2',
      FormatVersion: 'aws_v1',
      Filters: Object.entries(all).map(([Field, Value]) => ({ Type: 'TERM_MATCH', Field, Value })),
    })) as { PriceList?: string[] };
    const prices = new Set(PriceList.flatMap((item) => pricesOf(JSON.parse(item) as PriceListItem)));
    return prices.size === 1 ? [...prices][0] : undefined;
  }

  private async call(input: object): Promise<unknown> {
    const { protocol, hostname, port, pathname, host } = this.endpoint;
    const signer = await this.ec2.config.signer({
      name: 'sigv4',
      signingName: 'pricing',
      signingRegion: REGION,
      properties: {},
    });
    const body = JSON.stringify(input);
    const request = await signer.sign({
      method: 'POST',
      protocol,
      hostname,
      port: port === '' ? undefined : Number(port),
      path: pathname,
      query: {},
      headers: { host, 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': TARGET },
      body,
    });
    const answer = await fetch(this.endpoint, { method: 'POST', headers: request.headers, body, signal: this.signal });
    if (!answer.ok) throw new Error(`the price list answered ${answer.status}`);
    return answer.json();
  }
}

/** What the first unit costs, on demand. */
function pricesOf({ terms }: PriceListItem): number[] {
  const dimensions = Object.values(terms.OnDemand ?? {}).flatMap(({ priceDimensions }) =>
    Object.values(priceDimensions),
  );
  return dimensions
    .filter(({ beginRange }) => beginRange === undefined || beginRange === '0')
    .map(({ pricePerUnit }) => Number(pricePerUnit.USD))
    .filter((usd) => usd > 0);
}

import type { Command } from '../command';
import { assume, ASSUMPTIONS } from '../cost/assumptions';
import { readTemplate, synthesizeEnvironment } from '../cost/assembly';
import type { CostTable } from '../cost/cost-table';
import { datedPrices } from '../cost/dated-prices';
import { chargesOf, instanceTypesOf } from '../cost/estimate';
import { findPrices } from '../cost/find-prices';
import type { PriceBook } from '../cost/price-book';
import { regionalCostTable, regionsOf } from '../cost/regions';
import { report } from '../cost/report';
import type { PricedTemplate } from '../cost/template';
import { comparedTypes, DOCUMENTED, upstreamLines } from '../cost/upstream';

const OPTIONS = {
  environment: { type: 'string', short: 'e' },
  context: { type: 'string', short: 'c', multiple: true },
  template: { type: 'string', multiple: true },
  region: { type: 'string' },
  assume: { type: 'string', multiple: true },
  offline: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

const USAGE = `npm run cost -- [-c environment=dev] [-c key=value …] [--assume name=value …] [--offline] [--json]
npm run cost -- --template cdk.out/Some.template.json … [--region us-east-2]

Prices what an environment of cdk.json would deploy, or templates that are there, a month, in USD: on demand, as spot
capacity, in working hours, and until it is idle. Instance prices are AWS's own of today when there are AWS credentials
(pricing:GetProducts, ec2:DescribeSpotPriceHistory), else, and with --offline, those of dated tables. Nothing is changed.

What no template says is assumed:
${Object.entries(ASSUMPTIONS)
  .map(([name, { value, means }]) => `  ${`${name}=${value}`.padEnd(30)}${means}`)
  .join('\n')}`;

/** What `--json` prints. */
export interface CostReport extends CostTable {
  readonly upstream: ReturnType<typeof upstreamLines>;
  readonly compared: ReturnType<typeof comparedTypes>;
}

export const cost: Command<typeof OPTIONS> = {
  name: 'cost',
  summary: 'What an environment would cost a month',
  usage: USAGE,
  options: OPTIONS,
  run: async (values, output) => {
    const assumptions = assume(values.assume);
    const { name, settings, templates } = subject(values);
    const offline = values.offline ?? false;
    const instanceTypes = [
      ...instanceTypesOf(chargesOf(templates, assumptions)),
      ...DOCUMENTED.map(({ instanceType }) => instanceType),
    ];
    const books = new Map<string, PriceBook>();
    for (const region of regionsOf(templates)) {
      books.set(region, await findPrices({ region, instanceTypes, offline, tell: output.progress }));
    }
    const bookOf = (region: string) => books.get(region) ?? datedPrices(region);
    const table = regionalCostTable({ name, templates, bookOf, settings, assumptions });
    const compared = comparedTypes(bookOf(table.regions[0] ?? ''));
    const found: CostReport = { ...table, upstream: upstreamLines(name), compared };
    output.result(values.json ? JSON.stringify(found, undefined, 2) : report(table, found.compared));
  },
};

interface Subject {
  readonly name: string;
  readonly settings: object;
  readonly templates: readonly PricedTemplate[];
}

function subject({ environment, context = [], template, region }: Parameters<typeof cost.run>[0]): Subject {
  if (template !== undefined) {
    const templates = template.map((file) => readTemplate(file, region));
    return { name: templates.map(({ stack }) => stack).join(', '), settings: {}, templates };
  }
  const asked = environment === undefined ? context : [...context, `environment=${environment}`];
  const { settings, templates } = synthesizeEnvironment(asked);
  return { name: settings.environment, settings, templates };
}

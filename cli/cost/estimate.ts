import type { Assumptions } from './assumptions';
import type { Charge, HostCharge, RateCharge } from './charge';
import type { PriceBook } from './price-book';
import { HOURS_PER_MONTH, type RuleContext } from './rules/rule';
import { isFree, RULES } from './rules/rules';
import type { PricedTemplate, TemplateResource } from './template';

/** How hosts are bought: as the templates say, or as if they said something else. */
export type Market = 'asSet' | 'onDemand' | 'spot';

/** One way to run what the templates describe. */
export interface Scenario {
  readonly market: Market;
  /** The hours of a month in which the hosts run. */
  readonly runningHours: number;
}

/** What one resource costs, for one reason. */
export interface ChargedResource {
  readonly stack: string;
  readonly resource: string;
  readonly type: string;
  readonly charge: Charge;
}

/** One line of an estimate. */
export interface Line {
  readonly stack: string;
  readonly resource: string;
  readonly type: string;
  readonly what: string;
  /** A month, in USD; undefined when a price is not known. */
  readonly usd: number | undefined;
}

/** What AWS charges for the resources of templates, whatever the prices are. */
export function chargesOf(templates: readonly PricedTemplate[], assumptions: Assumptions): ChargedResource[] {
  return templates.flatMap((template) => {
    return Object.entries(template.resources).flatMap(([logicalId, resource]) => {
      const { stack } = template;
      const context: RuleContext = {
        template,
        logicalId,
        assumptions,
        resource: (id) => (id === undefined ? undefined : template.resources[id]),
      };
      const name = nameOf(logicalId, resource, stack);
      return chargesOfResource(resource, context).map((charge) => ({
        stack,
        resource: name,
        type: resource.Type,
        charge,
      }));
    });
  });
}

/** The types of instances that prices are needed for. */
export function instanceTypesOf(charged: readonly ChargedResource[]): string[] {
  return [...new Set(charged.flatMap(({ charge }) => (charge.kind === 'host' ? charge.instanceTypes : [])))];
}

/** The lines of a scenario: one for each resource and reason, in the order of the templates. */
export function estimate(charged: readonly ChargedResource[], book: PriceBook, scenario: Scenario): Line[] {
  const lines = new Map<string, Line>();
  for (const { stack, resource, type, charge } of charged) {
    const what = describe(charge);
    const key = [stack, resource, what].join('\0');
    const known = lines.get(key);
    const usd = priceOf(charge, book, scenario);
    lines.set(key, { stack, resource, type, what, usd: known === undefined ? usd : sum([known.usd, usd]) });
  }
  return [...lines.values()];
}

/** Of the lines that have a price. */
export function total(lines: readonly Line[]): number {
  return lines.reduce((all, { usd }) => all + (usd ?? 0), 0);
}

function chargesOfResource({ Type, Properties = {} }: TemplateResource, context: RuleContext): Charge[] {
  const rule = RULES[Type];
  if (rule !== undefined) return rule(Properties, context);
  return isFree(Type) ? [] : [{ kind: 'unknown', what: Type, why: 'no rule knows this type' }];
}

function describe(charge: Charge): string {
  if (charge.kind !== 'host') return charge.what;
  const hosts = charge.hosts === 1 && charge.most === undefined ? '' : `${charge.hosts} × `;
  const more = charge.most === undefined ? '' : `, up to ${charge.most} under load`;
  return `${hosts}${charge.instanceTypes.join(' or ')}${more}`;
}

function priceOf(charge: Charge, book: PriceBook, scenario: Scenario): number | undefined {
  switch (charge.kind) {
    case 'unknown':
      return undefined;
    case 'rate':
      return priceOfRate(charge, book, scenario);
    case 'host':
      return priceOfHosts(charge, book, scenario);
  }
}

function priceOfRate({ rate, amount, billed }: RateCharge, book: PriceBook, { runningHours }: Scenario) {
  const usd = book.rate(rate);
  const share = billed === 'running' ? runningHours / HOURS_PER_MONTH : 1;
  return usd === undefined ? undefined : usd * amount * share;
}

function priceOfHosts(charge: HostCharge, book: PriceBook, { market, runningHours }: Scenario): number | undefined {
  const spotShare = market === 'asSet' ? charge.spotShare : Number(market === 'spot');
  const onDemand = charge.instanceTypes.map((type) => book.onDemand(type));
  const spot = charge.instanceTypes.map((type) => book.spot(type));
  const parts = [
    spotShare < 1 ? times(charge.onDemand === 'first' ? onDemand[0] : cheapest(onDemand), 1 - spotShare) : 0,
    spotShare > 0 ? times(cheapest(spot), spotShare) : 0,
  ];
  return times(sum(parts), charge.hosts * runningHours);
}

function cheapest(prices: ReadonlyArray<number | undefined>): number | undefined {
  const known = prices.filter((price) => price !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function times(price: number | undefined, amount: number): number | undefined {
  return price === undefined ? undefined : price * amount;
}

function sum(prices: ReadonlyArray<number | undefined>): number | undefined {
  return prices.reduce((all, price) => (all === undefined || price === undefined ? undefined : all + price), 0);
}

/** The path of the construct, which a person recognizes, without what all paths have. */
function nameOf(logicalId: string, { Metadata = {} }: TemplateResource, stack: string): string {
  const path = Metadata['aws:cdk:path'];
  if (typeof path !== 'string') return logicalId;
  return path
    .replace(`${stack}/`, '')
    .split('/')
    .filter((part) => part !== 'Resource' && part !== 'Default')
    .join('/');
}

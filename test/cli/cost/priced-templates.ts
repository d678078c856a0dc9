import { assume, type Assumptions } from '../../../cli/cost/assumptions';
import { costTable, type CostTable } from '../../../cli/cost/cost-table';
import { datedPrices } from '../../../cli/cost/dated-prices';
import { type ChargedResource, chargesOf, estimate, type Line, type Scenario } from '../../../cli/cost/estimate';
import type { PriceBook } from '../../../cli/cost/price-book';
import type { PricedTemplate, TemplateResource } from '../../../cli/cost/template';
import type { Settings } from '../../../app/settings';
import { REGION, synthesize } from '../../support/synthesis';

export const ALWAYS_ON: Scenario = { market: 'asSet', runningHours: 730 };

/** A template of a few resources. */
export function template(resources: Readonly<Record<string, TemplateResource>>, region = REGION): PricedTemplate {
  return { stack: 'Some', region, resources };
}

/** The charges of one resource, with others that it names. */
export function chargesOfOne(
  resource: TemplateResource,
  others: Readonly<Record<string, TemplateResource>> = {},
  assumptions: Assumptions = assume(),
): ChargedResource[] {
  return chargesOf([template({ Some: resource, ...others })], assumptions).filter((each) => each.resource === 'Some');
}

/** The lines of one resource, always on. */
export function linesOfOne(
  resource: TemplateResource,
  others: Readonly<Record<string, TemplateResource>> = {},
  book: PriceBook = datedPrices(REGION),
): Line[] {
  return estimate(chargesOfOne(resource, others), book, ALWAYS_ON);
}

/** The synthesized templates of settings, to be priced. */
export function templatesOf(settings: Settings): PricedTemplate[] {
  return synthesize(settings).synthesis.stacks.map(({ name, template: { Resources = {} } }) => ({
    stack: name,
    region: settings.region,
    resources: Resources,
  }));
}

/** The table of settings, with dated prices. */
export function tableOf(settings: Settings, more: object = {}, assumptions: Assumptions = assume()): CostTable {
  return costTable({
    name: settings.environment,
    charged: chargesOf(templatesOf(settings), assumptions),
    book: datedPrices(settings.region),
    settings: { ...settings, ...more },
    assumptions,
  });
}

/** A resource of a template. */
export const of = (Type: string, Properties: TemplateResource['Properties'] = {}): TemplateResource => ({
  Type,
  Properties,
});

/** What is charged, and how much of it in a month in which the hosts always run. */
export const charged = (resource: TemplateResource, others?: Record<string, TemplateResource>) =>
  chargesOfOne(resource, others).map(({ charge }) => (charge.kind === 'rate' ? [charge.rate, charge.amount] : charge));

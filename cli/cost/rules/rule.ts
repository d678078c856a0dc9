import type { Assumptions } from '../assumptions';
import type { Charge } from '../charge';
import type { PricedTemplate, Properties, TemplateResource } from '../template';

/** What a rule may look at beside its resource's own properties. */
export interface RuleContext {
  readonly template: PricedTemplate;
  /** The logical id of the resource itself. */
  readonly logicalId: string;
  readonly assumptions: Assumptions;
  /** A resource of the same template, by its logical id. */
  readonly resource: (logicalId: string | undefined) => TemplateResource | undefined;
}

/** What a resource of one type costs. */
export type Rule = (properties: Properties, context: RuleContext) => Charge[];

export const HOURS_PER_MONTH = 730;

import { GraphWidget, type IMetric, type IWidget, SingleValueWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { fail, isKnown } from '../private/validate';

/** CloudWatch's dashboards are 24 columns wide. */
export const WIDTH = 24;
export const GRAPH_HEIGHT = 6;
const VALUE_HEIGHT = 4;

export const PERCENT = { min: 0, max: 100, label: '%', showUnits: false };
export const COUNT = { min: 0, label: 'count', showUnits: false };

/** A host reports each minute that it runs. */
export const REPORTS_AN_HOUR = 60;

/** The newest figures. */
export function value(title: string, width: number, ...metrics: IMetric[]): IWidget {
  return new SingleValueWidget({ title, metrics, width, height: VALUE_HEIGHT });
}

/** Figures over time. */
export function graph(title: string, width: number, left: IMetric[], leftYAxis: object): IWidget {
  return new GraphWidget({ title, left, leftYAxis, width, height: GRAPH_HEIGHT });
}

/** Throws when a price is none. */
export function validateHourlyPrice(scope: Construct, price: number | undefined): void {
  if (isKnown(price) && !(Number(price) > 0)) {
    fail(scope, `got an hourlyPrice of ${price}, wants more than 0 USD an hour`);
  }
}

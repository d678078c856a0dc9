import type { MetricIdentity } from './emitted-metrics';
import { plain, resourcesOf, type TemplateDocument, textOf } from './template';

interface AlarmProperties {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: ReadonlyArray<{ readonly Name: string; readonly Value: string }>;
}

/** A dashboard's body, as much of it as tests read. */
export interface DashboardBody {
  readonly widgets: ReadonlyArray<{
    readonly type: string;
    readonly properties: {
      readonly title?: string;
      readonly metrics?: ReadonlyArray<readonly unknown[]>;
      readonly query?: string;
      readonly alarms?: readonly string[];
    };
  }>;
}

/** The metrics of every alarm of a template, by the alarm's name. */
export function alarmMetrics(template: TemplateDocument): Map<string, MetricIdentity> {
  return new Map(
    resourcesOf(template, 'AWS::CloudWatch::Alarm').map(({ Properties }) => {
      const { Namespace, MetricName, Dimensions = [] } = plain(template, Properties) as AlarmProperties;
      const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]));
      const name = String(Properties?.['AlarmName']);
      return [name, { namespace: String(Namespace), name: String(MetricName), dimensions }];
    }),
  );
}

/** The body of the one dashboard of a template. */
export function dashboardBody(template: TemplateDocument): DashboardBody {
  const [dashboard] = resourcesOf(template, 'AWS::CloudWatch::Dashboard');
  return JSON.parse(textOf(template, dashboard?.Properties?.['DashboardBody'])) as DashboardBody;
}

/** The metrics of every widget; expressions have none of their own. */
export function widgetMetrics({ widgets }: DashboardBody): MetricIdentity[] {
  const rows = widgets.flatMap(({ properties }) => properties.metrics ?? []).map(textsOf);
  return rows.filter((row) => row.length > 1).map(identityOf);
}

/** A widget's row names the namespace, the metric, then each dimension and its value. */
function identityOf([namespace = '', name = '', ...rest]: readonly string[]): MetricIdentity {
  const dimensions = rest.flatMap((key, index) => (index % 2 === 0 ? [[key, rest[index + 1]]] : []));
  return { namespace, name, dimensions: Object.fromEntries(dimensions) as Record<string, string> };
}

function textsOf(row: readonly unknown[]): string[] {
  return row.filter((each): each is string => typeof each === 'string');
}

import { describe, expect, test } from 'vitest';
import { RegionsDashboard, type RegionsDashboardProps } from '../../../src';
import { emittedMetrics, written } from '../../support/emitted-metrics';
import { inStack, templateOf } from '../../support/synthesis';
import { propertiesOf } from '../../support/template';
import { dashboardBody, widgetMetrics } from '../../support/watched-metrics';

const LEAST = { environmentName: 'dev', regions: ['us-east-2', 'eu-west-1'] };
const templateWith = (props: Partial<RegionsDashboardProps> = {}) =>
  templateOf((stack) => void new RegionsDashboard(stack, 'Dashboard', { ...LEAST, ...props }));

describe('fails', () => {
  test.each<[string, Partial<RegionsDashboardProps>, string]>([
    ['without a region', { regions: [] }, 'got the regions [], wants one or more, each once'],
    ['with a region twice', { regions: ['a', 'a'] }, 'got the regions ["a","a"], wants one or more, each once'],
    ['with a price of 0', { hourlyPrice: 0 }, 'got an hourlyPrice of 0, wants more than 0 USD an hour'],
  ])('%s', (_name, props, message) => {
    expect(() => inStack((stack) => new RegionsDashboard(stack, 'Dashboard', { ...LEAST, ...props }))).toThrow(message);
  });
});

test('is named after the workbench, or as it is told', () => {
  expect(propertiesOf(templateWith(), 'AWS::CloudWatch::Dashboard').DashboardName).toBe('tablesleuth-dev');
  const named = templateWith({ dashboardName: 'all-regions' });
  expect(propertiesOf(named, 'AWS::CloudWatch::Dashboard').DashboardName).toBe('all-regions');
});

test('every widget shows a metric that hosts of any kind of capacity send themselves', () => {
  const sent = new Set(emittedMetrics('dev').map(written));
  const shown = widgetMetrics(dashboardBody(templateWith())).map(written);
  expect(shown.length).toBeGreaterThan(15);
  expect(shown.filter((metric) => !sent.has(metric))).toEqual([]);
});

test('shows money when the price is known, and not before', () => {
  expect(JSON.stringify(templateWith())).not.toContain('USD');
  expect(JSON.stringify(templateWith({ hourlyPrice: 0.02 }))).toContain('reports1 / 60 * 0.02');
});

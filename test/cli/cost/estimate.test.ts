import { describe, expect, test } from 'vitest';
import { datedPrices } from '../../../cli/cost/dated-prices';
import { chargesOf, estimate, total } from '../../../cli/cost/estimate';
import { assume } from '../../../cli/cost/assumptions';
import { costTable } from '../../../cli/cost/cost-table';
import { comparedTypes, DOCUMENTED, upstreamLines, upstreamTemplate } from '../../../cli/cost/upstream';
import { PROJECT_ENVIRONMENTS, projectSettings, settingsOf } from '../../support/synthesis';
import { ALWAYS_ON, tableOf, template } from './priced-templates';

describe('the prices of upstream’s shape', () => {
  test('are the sum of an instance, its disk and its address, always on', () => {
    expect(upstreamLines('dev').map(({ what, usd }) => [what, usd?.toFixed(3)])).toEqual([
      ['t3.small', '15.184'],
      ['30 GiB gp3 disk', '2.400'],
      ['public IPv4 address', '3.650'],
    ]);
    expect(total(upstreamLines('dev'))).toBeCloseTo(21.234, 3);
  });

  test.each(DOCUMENTED)('are those that its documents say for $instanceType on demand, within 5 %', (documented) => {
    const lines = estimate(
      chargesOf([upstreamTemplate('some', documented.instanceType)], assume()),
      datedPrices('us-east-2'),
      ALWAYS_ON,
    );
    const instance = lines.find(({ what }) => what === documented.instanceType)?.usd ?? 0;
    expect(Math.abs(instance / documented.onDemandMonth - 1)).toBeLessThan(0.05);
    expect(Math.abs(instance / 730 / documented.onDemandHour - 1)).toBeLessThan(0.05);
  });

  test('are those of spot for t3.small within 6 %; m4.xlarge saves 54 % and not the documented 70 %', () => {
    const [small, large] = comparedTypes(datedPrices('us-east-2'));
    expect(Math.abs((small?.spotMonth ?? 0) / 4.5 - 1)).toBeLessThan(0.06);
    expect(small?.saving).toBe(72);
    expect(large).toMatchObject({ saving: 54, documented: { saving: 70 } });
    expect(large?.spotMonth).toBeCloseTo(67.16, 2);
  });
});

describe('dev of cdk.json, as the seed has it: t3.small and spot', () => {
  test('costs at most 25 % of upstream’s in working hours', () => {
    const table = tableOf(projectSettings('dev'), { hours: { start: '08:00', stop: '18:00', days: 'mon-fri' } });
    const upstream = total(upstreamLines('dev'));
    const sum = table.rows.map(({ what, usd }) => `${what} ${usd.hours?.toFixed(4)}`).join(' + ');
    console.log(`${sum} = ${table.totals.hours.toFixed(4)}, of ${upstream.toFixed(4)}`);
    expect(table.asSet).toMatchObject({ market: 'spot', runs: 'hours' });
    expect(table.asSet.usd).toBeCloseTo(table.totals.hours, 10);
    expect(table.unknown).toEqual([]);
    expect(table.asSet.usd / upstream).toBeLessThanOrEqual(0.25);
  });

  test('says what an hour costs while AWS gives the dearer of its two types', () => {
    expect(tableOf(projectSettings('dev')).notes).toEqual([
      expect.stringContaining('t3a.small instead, an hour costs 1.7'),
    ]);
  });
});

describe('a table', () => {
  test.each(PROJECT_ENVIRONMENTS)('of %s has a price for everything, with no network', (environment) => {
    const table = tableOf(projectSettings(environment));
    expect(table.unknown).toEqual([]);
    expect(table.rows.flatMap(({ usd }) => Object.values(usd)).filter((usd) => usd === null || usd <= 0)).toEqual([]);
    expect(table.totals.spot).toBeLessThan(table.totals.onDemand);
    expect(table.totals.hours).toBeLessThan(table.totals.onDemand);
    expect(table.totals.idleStop).toBeLessThan(table.totals.hours);
  });

  test('lists what has no price in its region, and counts it nowhere', () => {
    const table = tableOf(settingsOf({ region: 'sa-east-1', network: { natGateways: 1 } }));
    expect(table.unknown).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/Instance\w*: t3\.small: no price is known for this region/),
        expect.stringMatching(/NATGateway\w*: NAT gateway: no price/),
      ]),
    );
    expect(table.rows.filter(({ usd }) => usd.onDemand === 0)).toEqual([]);
  });

  test('lists copies in another region, whose price is not looked up, and counts their key', () => {
    const copied = tableOf(settingsOf({ workspace: {}, backup: { copyToRegion: 'eu-west-1' } }));
    expect(copied.unknown).toContainEqual(
      expect.stringMatching(/^Backup\w*: copy of 20 GB in another region: what another region asks for it/),
    );
    expect(copied.rows.filter(({ resource }) => resource.includes('WorkspaceCopiesKey'))).toHaveLength(1);
  });

  test('says why a type without a rule has no price', () => {
    const charged = chargesOf([template({ Db: { Type: 'AWS::DynamoDB::Table' } })], assume());
    const table = costTable({
      name: 'x',
      charged,
      book: datedPrices('us-east-2'),
      settings: {},
      assumptions: assume(),
    });
    expect(table.unknown).toEqual(['Db: AWS::DynamoDB::Table: no rule knows this type']);
  });

  test('is the sum of its rows', () => {
    const { rows, totals } = tableOf(projectSettings('prod'));
    expect(rows.reduce((all, { usd }) => all + (usd.spot ?? 0), 0)).toBeCloseTo(totals.spot, 10);
  });
});

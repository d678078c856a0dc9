import { App } from 'aws-cdk-lib';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test, vi } from 'vitest';
import { addEnvironment } from '../../app/stacks/environment';
import { loadSettings } from '../../app/settings';
import { emulatorTypesPage, TYPES_PAGE } from '../../emulator/document-types';
import { BALANCED_BY_COGNITO, HOURS } from '../support/variants';

let page: string;

beforeAll(async () => {
  vi.stubEnv('CDK_VALIDATION', 'false');
  page = await emulatorTypesPage();
});

test('the page of resource types is what the registry says; make it anew with `npx tsx emulator/document-types.ts`', () => {
  expect(readFileSync(TYPES_PAGE, 'utf8')).toBe(page);
});

test.each([
  ['dev', {}],
  ['dev', { capacity: { kind: 'fleet' } }],
  ['dev', { useSpot: undefined, capacity: { kind: 'instance' } }],
  ['dev', { hours: HOURS, compliance: { recorder: 'create' } }],
  ['dev', { alarms: { email: 'team@example.com' }, dashboard: true }],
  ['dev', { workspace: { mode: 'shared' }, backup: {} }],
  ['dev', { workspace: {}, backup: { copyToRegion: 'eu-west-1' }, idleStop: {} }],
  ['dev', { image: { kind: 'pipeline' }, capacity: { min: 1, max: 5 } }],
  ['dev', { access: BALANCED_BY_COGNITO }],
  ['dev', { sweep: {}, data: { glueDatabases: ['sales'] }, alarms: { email: 'team@example.com' } }],
  ['dev', { service: { natGateways: 1, database: { reader: true } }, alarms: { email: 'team@example.com' } }],
  ['staging', {}],
  ['prod', {}],
])('every resource type of %s with %j is on the page, and emulated', (environment, changes) => {
  const types = templateTypes(environment, changes);
  expect(types.size).toBeGreaterThan(10);
  const rows = new Map([...page.matchAll(/^\| `(.+?)` +\| (.+?) +\|/gm)].map(([, type, backing]) => [type!, backing!]));
  for (const type of types)
    expect([type, rows.get(type)]).toEqual([type, expect.stringMatching(/^(service|declared)$/)]);
});

function templateTypes(environment: string, changes: Readonly<Record<string, unknown>>): Set<string> {
  const context = (JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> }).context;
  const entry = context[environment];
  const changed = typeof entry === 'object' ? { ...context, [environment]: { ...entry, ...changes } } : context;
  const app = new App({ context: { ...changed, environment } });
  const settings = loadSettings({
    context: (key) => app.node.tryGetContext(key) as unknown,
    contextKeys: Object.keys(app.node.getAllContext() as object),
    environment,
    readFile: (file) => readFileSync(file, 'utf8'),
    env: {},
  });
  addEnvironment(app, settings);
  const templates = app
    .synth()
    .stacks.map((stack) => stack.template as { Resources: Record<string, { Type: string }> });
  return new Set(templates.flatMap((template) => Object.values(template.Resources).map((one) => one.Type)));
}

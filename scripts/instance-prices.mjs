// Writes cli/cost/prices/instances.json anew, from the prices that a Go module ships: `node scripts/instance-prices.mjs`.
// Needs Go and its module proxy. Nothing else of this project does: the file is kept in the repository.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { format } from 'prettier';
import { ROOT } from './setup.mjs';

const MODULE = 'github.com/cristim/ec2-instances-info';
const VERSION = 'v0.0.0-20250528091325-32acf84f42eb';
const DATE = '2025-05-28';
const FILE = path.join(ROOT, 'cli', 'cost', 'prices', 'instances.json');

/** What a person may reasonably ask of a workbench: general purpose and memory, the last generations, up to 4xlarge. */
const FAMILIES =
  't3 t3a t4g m4 m5 m6i m6a m6g m7i m7i-flex m7a m7g m8g r5 r6i r6a r6g r7i r7a r7g r8g c5 c6i c6g c7i c7g c8g'.split(
    ' ',
  );
const SIZES = 'nano micro small medium large xlarge 2xlarge 4xlarge'.split(' ');
const REGIONS = 'us-east-1 us-east-2 us-west-2 ca-central-1 eu-west-1 eu-central-1 ap-southeast-2 ap-northeast-1'.split(
  ' ',
);

const instances = JSON.parse(readFileSync(path.join(moduleFolder(), 'data', 'instances.json'), 'utf8'));
const table = {
  source: `${MODULE}@${VERSION}, whose data are those of ec2instances.info`,
  date: DATE,
  licence: 'MIT, see LICENSE.txt beside this file',
  unit: 'USD per hour of Linux: [on demand, spot as it was on average in the month before the date]',
  regions: Object.fromEntries(REGIONS.map((region) => [region, pricesIn(region)])),
};
writeFileSync(FILE, await format(JSON.stringify(table), { parser: 'json', printWidth: 120 }));

function pricesIn(region) {
  const offered = instances
    .filter(({ instance_type: type }) => isOffered(type))
    .map((instance) => [instance.instance_type, instance.pricing[region]?.linux])
    .filter(([, linux]) => isPrice(linux?.ondemand));
  return Object.fromEntries(
    offered
      .sort(([one], [other]) => order(one) - order(other))
      .map(([type, { ondemand, spot_avg: spot }]) => [type, [Number(ondemand), isPrice(spot) ? Number(spot) : null]]),
  );
}

function isOffered(type) {
  const [family, size] = type.split('.');
  return FAMILIES.includes(family) && SIZES.includes(size);
}

function order(type) {
  const [family, size] = type.split('.');
  return FAMILIES.indexOf(family) * SIZES.length + SIZES.indexOf(size);
}

/** Where nobody sells a type, the data say 0 or nothing. */
function isPrice(text) {
  return Number(text) > 0;
}

function moduleFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'instance-prices-'));
  try {
    writeFileSync(path.join(folder, 'go.mod'), 'module prices\n');
    const answer = execFileSync('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`], {
      cwd: folder,
      env: { ...process.env, GOFLAGS: '-mod=mod' },
      encoding: 'utf8',
    });
    return JSON.parse(answer).Dir;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Makes assets/<name>/index.js of each handlers/<name>/index.ts, when a source has changed; beside it goes the Dockerfile of
// what runs in a container, and the page of what has one: one document, with its style and script in it. Whoever synthesizes
// requires it first: the command of cdk.json, vitest's configuration, npm pack.
// Takes a few milliseconds when nothing has changed.
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.dirname(__dirname);
const SOURCES = path.join(ROOT, 'handlers');
const BUNDLES = path.join(ROOT, 'assets');
const STAMP = path.join(ROOT, '.cache', 'handlers.sha256');

/** What the driver of PostgreSQL asks for and does without. */
const NOWHERE = ['pg-native'];

const OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  // Lambda's runtime brings the AWS SDK.
  external: ['@aws-sdk/*', ...NOWHERE],
  absWorkingDir: ROOT,
  legalComments: 'none',
  logLevel: 'silent',
  write: false,
};

/** What a browser reads. */
const PAGE_OPTIONS = {
  bundle: true,
  minify: true,
  target: 'es2022',
  charset: 'utf8',
  absWorkingDir: ROOT,
  legalComments: 'none',
  logLevel: 'silent',
  write: false,
};

const names = readdirSync(SOURCES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  // The other folders are what several handlers share.
  .filter((name) => existsSync(path.join(SOURCES, name, 'index.ts')));
const digest = digestOfSources();
if (
  !names.every((name) => existsSync(bundleOf(name)) && existsSync(pageOf(name)) === hasPage(name)) ||
  stamp() !== digest
) {
  for (const name of names) {
    const recipe = path.join(SOURCES, name, 'Dockerfile');
    const isContainer = existsSync(recipe);
    const { outputFiles } = require('esbuild').buildSync({
      ...OPTIONS,
      entryPoints: [`handlers/${name}/index.ts`],
      // A container brings nothing.
      ...(isContainer ? { external: NOWHERE } : {}),
    });
    write(bundleOf(name), outputFiles[0].contents);
    if (isContainer) write(path.join(BUNDLES, name, 'Dockerfile'), readFileSync(recipe));
    if (hasPage(name)) write(pageOf(name), page(name));
  }
  write(STAMP, digest);
}

function bundleOf(name) {
  return path.join(BUNDLES, name, 'index.js');
}

function hasPage(name) {
  return existsSync(path.join(SOURCES, name, 'page', 'page.html'));
}

function pageOf(name) {
  return path.join(BUNDLES, name, 'page.html');
}

/** The page, with what stands beside it put in. */
function page(name) {
  const bundled = (entry) =>
    require('esbuild').buildSync({ ...PAGE_OPTIONS, entryPoints: [`handlers/${name}/page/${entry}`] }).outputFiles[0]
      .text;
  const [style, script] = [bundled('style.css'), bundled('dom/main.ts')];
  return readFileSync(path.join(SOURCES, name, 'page', 'page.html'), 'utf8')
    .replace('<style></style>', () => `<style>${style}</style>`)
    .replace('<script></script>', () => `<script>${script}</script>`);
}

function digestOfSources() {
  const files = readdirSync(SOURCES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256')
    .update(require('esbuild/package.json').version)
    .update(JSON.stringify([OPTIONS, PAGE_OPTIONS]));
  for (const file of files) hash.update(`\0${path.relative(ROOT, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

function stamp() {
  return existsSync(STAMP) ? readFileSync(STAMP, 'utf8') : undefined;
}

/** Renamed when it is complete: another synthesis may be reading it. */
function write(file, content) {
  mkdirSync(path.dirname(file), { recursive: true });
  const partial = path.join(ROOT, '.cache', `${path.basename(file)}.${process.pid}`);
  mkdirSync(path.dirname(partial), { recursive: true });
  writeFileSync(partial, content);
  renameSync(partial, file);
}

// Lets Node require TypeScript, with `node --require ./app/typescript.cjs`. tsx would look into every JavaScript file of
// the CDK as well, which takes longer than the synthesis itself. What was compiled is kept, by its content, in .cache.
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { version } = require('typescript/package.json');

const KEPT = join(__dirname, '..', '.cache', 'compiled');

process.setSourceMapsEnabled(true);
require.extensions['.ts'] = (module, file) => {
  module._compile(compiled(file), file);
};

function compiled(file) {
  const source = readFileSync(file, 'utf8');
  const digest = createHash('sha256').update(`${version} ${file} ${source}`).digest('hex');
  const kept = join(KEPT, `${digest}.js`);
  if (!existsSync(kept)) {
    mkdirSync(KEPT, { recursive: true });
    // Renamed when it is complete: another process may be looking for it.
    const partial = `${kept}.${process.pid}`;
    writeFileSync(partial, compile(file, source));
    renameSync(partial, kept);
  }
  return readFileSync(kept, 'utf8');
}

function compile(file, source) {
  const ts = require('typescript');
  const compilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    inlineSourceMap: true,
    isolatedModules: true,
  };
  return ts.transpileModule(source, { fileName: file, compilerOptions }).outputText;
}

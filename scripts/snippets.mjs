// Takes the TypeScript out of the documents, so that the compiler reads it like any other code of the project.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './setup.mjs';

const FOLDER = path.join(ROOT, '.cache', 'snippets');
const FIXTURE = path.join(ROOT, 'rosetta', 'default.ts-fixture');
const PLACE = '/// here';

/**
 * Writes every snippet to a file of its own, at the line where its document has it, and a tsconfig over the whole
 * project and all snippets. A snippet that imports is a program; any other one stands in the fixture.
 *
 * @returns {string} the path of the tsconfig
 */
export function writeSnippets() {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const document of documents()) {
    for (const { line, code } of snippetsOf(readFileSync(path.join(ROOT, document), 'utf8'))) {
      const name = `${document.replaceAll('/', '-')}.${line}.ts`;
      writeFileSync(path.join(FOLDER, name), program(line, code));
    }
  }
  writeFileSync(path.join(FOLDER, 'fixture.ts'), program(1, ''));
  return writeConfig();
}

/** The project's own documents, by their path. */
function documents() {
  const inDocs = readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  const atTop = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  return [...atTop, ...inDocs.filter((name) => name.endsWith('.md')).map((name) => path.posix.join('docs', name))];
}

/** The fenced TypeScript of a document, each with the number of its first line. */
export function snippetsOf(markdown) {
  return [...markdown.matchAll(/^```(?:ts|typescript)\n([\s\S]*?)^```/gm)].map(({ index, 1: code }) => ({
    line: markdown.slice(0, index).split('\n').length + 1,
    code,
  }));
}

/** The code at its line of the document. Its imports stay at the top; the rest may await. */
export function program(line, code) {
  const padding = '\n'.repeat(line - 1);
  const [imports] = /^(import [^;]*;\n)*/.exec(code);
  if (imports !== '') return `${padding}${imports}void async function () {${code.slice(imports.length)}};\n`;
  const [before, after] = readFileSync(FIXTURE, 'utf8').split(PLACE);
  return `${before.replaceAll('\n', ' ')}${padding}${code}${after}`;
}

function writeConfig() {
  const project = JSON.parse(readFileSync(path.join(ROOT, 'tsconfig.json'), 'utf8'));
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: {
      // A snippet shows things that it does not use; in the project itself ESLint finds them.
      noUnusedLocals: false,
      noUnusedParameters: false,
      // Paths in a document are those of the project.
      rootDirs: ['../..', '.'],
      paths: { 'tablesleuth-cdk': ['../../src/index.ts'] },
    },
    include: [...project.include.map((name) => `../../${name}`), '*.ts'],
    exclude: project.exclude.map((name) => `../../${name}`),
  };
  const file = path.join(FOLDER, 'tsconfig.json');
  writeFileSync(file, `${JSON.stringify(config, undefined, 2)}\n`);
  return file;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint, Linter } from 'eslint';
import typescript from 'typescript';
import { parser, plugin } from 'typescript-eslint';
import { beforeAll, describe, expect, test } from 'vitest';

const PROJECT = join(__dirname, '..', '..');
const RULE = '@typescript-eslint/no-restricted-imports';

describe('the compiler of the library', () => {
  test('fails for an import from outside src', () => {
    expect(
      errorsOf({ 'src/inside.ts': `export * from '../app/outside';`, 'app/outside.ts': 'export const a = 1;' }),
    ).toEqual([6059]);
  });

  test('takes an import from inside src', () => {
    expect(errorsOf({ 'src/inside.ts': `export * from './other';`, 'src/other.ts': 'export const a = 1;' })).toEqual(
      [],
    );
  });
});

describe('the lint rules', () => {
  const options = new Map<string, Linter.RuleEntry>();

  beforeAll(async () => {
    const eslint = new ESLint({ cwd: PROJECT });
    for (const folder of ['src', 'app', 'emulator', 'handlers', 'cli']) {
      const config = (await eslint.calculateConfigForFile(join(PROJECT, folder, 'some.ts'))) as Linter.Config;
      options.set(folder, config.rules?.[RULE] ?? 'off');
    }
  });

  const refuses = (folder: string, code: string): boolean => {
    const config: Linter.Config = {
      files: ['**/*.ts'],
      languageOptions: { parser: parser },
      plugins: { '@typescript-eslint': plugin as unknown as NonNullable<Linter.Config['plugins']>[string] },
      rules: { [RULE]: options.get(folder) ?? 'off' },
    };
    return new Linter().verify(code, config, 'some.ts').length > 0;
  };

  test.each([
    ['src', `import { readFileSync } from 'node:https';`],
    ['src', `import { parse } from 'yaml';`],
    ['src', `import { loadSettings } from '../../app/settings';`],
    ['app', `import { startEmulatedAccount } from '../emulator/account';`],
    ['app', `import { handler } from '../handlers/ingest';`],
    ['app', `import { main } from '../cli/main';`],
    ['cli', `import { startEmulatedAccount } from '../emulator/account';`],
    ['handlers', `import { Workbench } from '../../src';`],
    ['handlers', `import { loadSettings } from '../../app/settings';`],
    ['emulator', `import { report } from '../demo/report';`],
  ])('%s must not: %s', (folder, code) => {
    expect(refuses(folder, code)).toBe(true);
  });

  test.each([
    ['src', `import { Stack } from 'aws-cdk-lib';`],
    ['src', `import { fail } from '../private/validate';`],
    ['app', `import { Workbench } from '../../src';`],
    ['app', `import { parse } from 'yaml';`],
    ['cli', `import { loadSettings } from '../app/settings';`],
    ['handlers', `import type { WorkbenchProps } from '../../src';`],
  ])('%s may: %s', (folder, code) => {
    expect(refuses(folder, code)).toBe(false);
  });
});

/** The codes of the errors that the library's compiler options give for these files. */
function errorsOf(files: Readonly<Record<string, string>>): number[] {
  const { compilerOptions } = JSON.parse(readFileSync(join(PROJECT, 'tsconfig.jsii.json'), 'utf8')) as {
    compilerOptions: Record<string, unknown>;
  };
  const { options } = typescript.convertCompilerOptionsFromJson(
    { ...compilerOptions, lib: undefined, noLib: true, types: [] },
    PROJECT,
  );
  const host = typescript.createCompilerHost(options);
  const contents = new Map(Object.entries(files).map(([name, text]) => [join(PROJECT, name), text]));
  const readFile = host.readFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  host.readFile = (name) => contents.get(name) ?? readFile(name);
  host.fileExists = (name) => contents.has(name) || fileExists(name);
  host.getSourceFile = (name, version) => {
    const text = host.readFile(name);
    return text === undefined ? undefined : typescript.createSourceFile(name, text, version);
  };
  const roots = [...contents.keys()].filter((name) => name.startsWith(join(PROJECT, 'src')));
  const program = typescript.createProgram(roots, options, host);
  return program.getSemanticDiagnostics().map(({ code }) => code);
}

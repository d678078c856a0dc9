import { existsSync, readFileSync } from 'node:fs';
import cdk from 'eslint-plugin-awscdk';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import ts from 'typescript-eslint';

/** Lines of code that a function and a constructor may have; blank lines and comments are free. */
const MOST_LINES = { function: 50, constructor: 40 };

/** ESLint's own rule knows no bound of its own for constructors, and counts a suite of tests as one function. */
const functionLength = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { long: 'This {{kind}} has {{lines}} lines of code, at most {{most}} are allowed: move parts out.' },
  },
  create(context) {
    const check = (node) => {
      if (node.parent.type === 'CallExpression' && node.parent.callee.name === 'describe') return;
      const kind = node.parent.kind === 'constructor' ? 'constructor' : 'function';
      const lines = new Set(context.sourceCode.getTokens(node).flatMap(linesOf)).size;
      const most = MOST_LINES[kind];
      if (lines > most) context.report({ node, messageId: 'long', data: { kind, lines, most } });
    };
    return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
  },
};

function linesOf({ loc: { start, end } }) {
  return Array.from({ length: end.line - start.line + 1 }, (_, index) => start.line + index);
}

/** The files of the library whose names its users see. */
const PUBLISHED = [...readFileSync('src/index.ts', 'utf8').matchAll(/from '\.\/(.+)'/g)].map(([, path]) =>
  existsSync(`src/${path}`) ? `src/${path}/**/*.ts` : `src/${path}.ts`,
);

/**
 * The direction of knowledge: handlers → types of src ← app ← cli. Names the folders that a folder must not know.
 * That src knows nothing outside itself is also an error of the compiler, because its `rootDir` is src.
 */
function mustNotKnow(folders, ...more) {
  const pattern = {
    regex: `^(\\.\\./)+(${folders.join('|')})(/|$)`,
    message: 'Knowledge goes handlers → types of src ← app ← cli; only demo, test, bench and scripts know emulator.',
  };
  return { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [pattern, ...more] }] };
}

const TYPES_OF_SRC = {
  regex: '^(\\.\\./)+src(/|$)',
  allowTypeImports: true,
  message: 'Only types of src may be imported here: its code must not end up in a bundle.',
};
const PEERS_ALONE = {
  regex: '^(?!\\.|aws-cdk-lib(/|$)|constructs$|node:(crypto|fs|path)$)',
  message: 'The published package has no dependency but its peers, aws-cdk-lib and constructs.',
};
const WORLD = ['process', 'fetch', 'setTimeout', 'setInterval', 'performance', 'crypto'];
/** One program for all files; the service that editors use, which the plugin of the CDK asks for, takes twice as long. */
const PROGRAM = { project: './tsconfig.json', projectService: false, tsconfigRootDir: import.meta.dirname };
const IMPURE = 'The same input gives the same template: src reads no environment, clock, randomness or network.';

export default defineConfig(
  globalIgnores(['node_modules', '.cache', 'assets', 'lib', 'dist', 'cdk.out*', 'coverage', '**/.venv']),
  { linterOptions: { noInlineConfig: true } },
  {
    files: ['**/*.{ts,mts,mjs,cjs}'],
    plugins: { house: { rules: { 'function-length': functionLength } } },
    rules: {
      complexity: ['error', 10],
      eqeqeq: 'error',
      'house/function-length': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-var': 'error',
      'no-warning-comments': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['**/*.{mjs,cjs}'],
    extends: [ts.configs.base],
    rules: { '@typescript-eslint/no-unused-vars': 'error' },
  },
  {
    files: ['**/*.{ts,mts}'],
    extends: [ts.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: PROGRAM,
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['src/**/*.ts', 'app/stacks/**/*.ts'],
    extends: [cdk.configs.strict],
    languageOptions: { parserOptions: PROGRAM },
    rules: {
      // These four know fewer ways than there are good ones: `props = {}`, `bind(scope)`, src/private, and props that
      // several constructs share.
      'awscdk/construct-constructor-property': 'off',
      'awscdk/require-passing-this': 'off',
      'awscdk/no-import-private': 'off',
      'awscdk/no-unused-props': 'off',
      // For what users see, see below.
      'awscdk/no-construct-in-interface': 'off',
      'awscdk/no-construct-in-public-property-of-construct': 'off',
      'awscdk/props-name-convention': 'off',
      'awscdk/require-jsdoc': 'off',
      'awscdk/require-props-default-doc': 'off',
    },
  },
  {
    files: PUBLISHED,
    rules: {
      'awscdk/no-construct-in-interface': 'error',
      'awscdk/no-construct-in-public-property-of-construct': 'error',
      'awscdk/props-name-convention': 'error',
      'awscdk/require-jsdoc': 'error',
      'awscdk/require-props-default-doc': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      ...mustNotKnow(['app', 'bench', 'cli', 'demo', 'emulator', 'handlers', 'scripts', 'test'], PEERS_ALONE),
      'no-restricted-globals': ['error', ...WORLD.map((name) => ({ name, message: IMPURE }))],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: IMPURE },
        { object: 'Date', property: 'now', message: IMPURE },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: IMPURE },
        {
          selector: 'MethodDefinition[kind="constructor"] NewExpression[arguments.0.name="scope"]',
          message: 'What a construct makes is its child: pass `this`.',
        },
      ],
    },
  },
  {
    files: ['handlers/**/*.ts'],
    rules: mustNotKnow(['app', 'bench', 'cli', 'demo', 'emulator', 'scripts', 'test'], TYPES_OF_SRC),
  },
  {
    // What a browser runs knows its document, and nothing else does.
    files: ['handlers/*/page/dom/**/*.ts'],
    languageOptions: { parserOptions: { ...PROGRAM, project: './tsconfig.page.json' } },
  },
  {
    files: ['app/**/*.ts'],
    rules: mustNotKnow(['bench', 'cli', 'demo', 'emulator', 'handlers', 'scripts', 'test']),
  },
  { files: ['cli/**/*.ts'], rules: mustNotKnow(['bench', 'demo', 'emulator', 'handlers', 'scripts', 'test']) },
  { files: ['emulator/**/*.ts'], rules: mustNotKnow(['bench', 'cli', 'demo', 'handlers', 'scripts', 'test']) },
  {
    // Vitest's matchers, `expect.any(String)` in an expected value, are of type any.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  prettier,
);

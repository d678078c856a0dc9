import { describe, expect, test } from 'vitest';
import { program, snippetsOf } from '../../scripts/snippets.mjs';

const fenced = (language: string, code: string) => `\`\`\`${language}\n${code}\`\`\`\n`;

describe('the snippets of a document', () => {
  test('are its TypeScript, and nothing else', () => {
    const page = `# Title\n\n${fenced('sh', 'npm test\n')}\ntext\n\n${fenced('ts', 'one();\n')}${fenced('typescript', 'two();\n')}`;
    expect(snippetsOf(page).map(({ code }) => code)).toEqual(['one();\n', 'two();\n']);
  });

  test('know the line that they begin at', () => {
    expect(snippetsOf(`# Title\n\n${fenced('ts', 'one();\n')}`)).toEqual([{ line: 4, code: 'one();\n' }]);
  });
});

describe('a snippet as a program', () => {
  const lineOf = (source: string, text: string) => source.split('\n').findIndex((line) => line.includes(text)) + 1;

  test('keeps its imports at the top and its lines where the document has them', () => {
    const source = program(40, `import { a } from 'b';\nimport {\n  c,\n} from 'd';\n\nawait a(c);\n`);
    expect(lineOf(source, `import { a } from 'b';`)).toBe(40);
    expect(lineOf(source, 'await a(c);')).toBe(45);
    expect(lineOf(source, 'async function')).toBeGreaterThan(lineOf(source, `} from 'd';`));
  });

  test('that imports nothing stands in the fixture, at its line', () => {
    const source = program(40, 'use(stack);\n');
    expect(lineOf(source, 'use(stack);')).toBe(40);
    expect(lineOf(source, 'declare const stack: Stack;')).toBe(1);
  });
});

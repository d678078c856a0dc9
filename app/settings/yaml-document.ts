import { isMap, isScalar, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';
import type { Path } from './problem';

/** A YAML file, read: its content, and where each key stands. */
export interface YamlDocument {
  readonly content: unknown;
  /** Each as `line: what is wrong`; with any, there is no content. */
  readonly problems: readonly string[];
  /** The line of the key at a path, or of the nearest block around it. */
  readonly lineOf: (path: Path) => number;
}

/** Reads YAML 1.2 text. An empty text is an empty block. */
export function readYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  const failed = (problems: string[]) => ({ content: undefined, problems, lineOf: () => 1 });
  if (document.errors.length > 0) {
    return failed(document.errors.map((error) => `${lineAt(error.pos[0])}: not YAML: ${error.message}`));
  }
  try {
    const content: unknown = document.toJS() ?? {};
    return { content, problems: [], lineOf: (path) => lineAt(offsetOf(document.contents, path)) };
  } catch (error) {
    // Aliases are resolved only here, and without a position.
    return failed([`1: not YAML: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

function offsetOf(root: ParsedNode | null, path: Path): number {
  let node: Node | null = root;
  let offset = root?.range[0] ?? 0;
  for (const key of path) {
    if (!isMap(node)) break;
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
    if (pair === undefined || !isScalar(pair.key)) break;
    offset = pair.key.range?.[0] ?? offset;
    node = pair.value as Node | null;
  }
  return offset;
}

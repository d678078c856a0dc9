import type { Page } from './booted-account';
import type { LakeFindings } from './findings';
import type { Finding, ReadBack } from './read-back';

/** The read-back as a person reads it: a table by group, and the commands that would be pasted on AWS. */
export function report({ findings, outputs, url, tables, lakeFindings }: ReadBack & Partial<Page>): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const groups = [...new Set(findings.map(({ group }) => group))];
  const sections = groups.map((group) =>
    [group, ...findings.filter((each) => each.group === group).map((each) => row(each, width))].join('\n'),
  );
  const commands = Object.entries(outputs).map(([key, value]) => `  ${key}\n    ${value}`);
  const page = url === undefined ? [] : [pageOf(url, tables ?? [])];
  const found = lakeFindings === undefined ? [] : [foundIn(lakeFindings)];
  const pasted = ['Outputs, as they would be pasted on AWS', ...commands].join('\n');
  return [...sections, pasted, ...found, ...page].join('\n\n');
}

function foundIn({ endpoint, page, worst }: LakeFindings): string {
  const rows = worst.map(({ name, figures }) => {
    const kilobytes = Math.ceil((figures.reclaimableBytes ?? 0) / 1000);
    return `  ${name.padEnd(18)} ${String(kilobytes).padStart(8)} kB that nobody needs`;
  });
  const opened = page === undefined ? [] : [`  in one browser: ${page}`];
  return [`Findings of a sweep of all tables: ${endpoint}`, ...rows, ...opened].join('\n');
}

function pageOf(url: string, tables: Page['tables']): string {
  const lines = tables.map(
    ({ kind, name, uri }) => `  ${kind.padEnd(8)} ${kind === 'iceberg' ? `catalog glue, ${name}` : uri}`,
  );
  return [`TableSleuth: ${url}`, 'Tables to open there', ...lines].join('\n');
}

function row({ name, value }: Finding, width: number): string {
  return `  ${name.padEnd(width)}  ${value}`;
}

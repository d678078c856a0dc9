import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { functionDatabase } from '../findings/function-database';
import { answer } from './api';
import type { ProxyAnswer, ProxyEvent } from './event';

const database = functionDatabase(process.env);

export function handler(event: ProxyEvent): Promise<ProxyAnswer> {
  return answer(event, {
    database,
    log: (line) => console.log(JSON.stringify(line)),
    now: performance.now.bind(performance),
    page,
  });
}

let document: string | undefined;

/** Read once, when it is wanted: most who ask are programs. */
function page(): string {
  return (document ??= readFileSync(join(__dirname, 'page.html'), 'utf8'));
}

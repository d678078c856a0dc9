import { functionDatabase } from '../findings/function-database';
import { answer } from './api';
import type { ProxyAnswer, ProxyEvent } from './event';

const database = functionDatabase(process.env);

export function handler(event: ProxyEvent): Promise<ProxyAnswer> {
  return answer(event, {
    database,
    log: (line) => console.log(JSON.stringify(line)),
    now: performance.now.bind(performance),
  });
}

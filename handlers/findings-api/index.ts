import { connect, placeOf, wanted } from '../findings/connection';
import { Database } from '../findings/database';
import { environmentCredentials, signInToken } from '../findings/token';
import { answer } from './api';
import type { ProxyAnswer, ProxyEvent } from './event';

const place = placeOf(process.env);
const region = wanted(process.env, 'AWS_REGION');

// A token for each connection, signed with what the function's role has at that time.
const database = new Database(() => connect(place, signInToken(place, region, environmentCredentials(process.env))));

export function handler(event: ProxyEvent): Promise<ProxyAnswer> {
  return answer(event, {
    database,
    log: (line) => console.log(JSON.stringify(line)),
    now: performance.now.bind(performance),
  });
}

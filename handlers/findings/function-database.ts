import { connect, placeOf, wanted } from './connection';
import { Database } from './database';
import { environmentCredentials, signInToken } from './token';

/** The database as a function of Lambda signs in to it: a token for each connection, signed with what its role has at that time. */
export function functionDatabase(environment: NodeJS.ProcessEnv): Database {
  const place = placeOf(environment);
  const region = wanted(environment, 'AWS_REGION');
  return new Database(() => connect(place, signInToken(place, region, environmentCredentials(environment))));
}

import { describe, expect, test } from 'vitest';

import { onEvent } from '../../../handlers/findings-migration/life-cycle';

const SCHEMA = 'findings-schema';
const fails = () => Promise.reject(new Error('the database said no'));

describe('the custom resource of the schema', () => {
  test.each(['Create', 'Update'])(
    'brings the schema up to date at %s, and is the same resource',
    async (RequestType) => {
      const answer = await onEvent({ RequestType }, () => Promise.resolve(2));
      expect(answer).toEqual({ PhysicalResourceId: SCHEMA, Data: { Version: 2 } });
    },
  );

  test('leaves the schema as it is when it is deleted, without a database even', async () => {
    expect(await onEvent({ RequestType: 'Delete' }, fails)).toEqual({ PhysicalResourceId: SCHEMA });
  });

  test('fails when the migration does', async () => {
    await expect(onEvent({ RequestType: 'Update' }, fails)).rejects.toThrow('the database said no');
  });

  test('fails for a request that it does not know', async () => {
    await expect(onEvent({ RequestType: 'Read' }, fails)).rejects.toThrow('expected Create, Update or Delete');
  });
});

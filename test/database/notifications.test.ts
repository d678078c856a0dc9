import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { Database } from '../../handlers/findings/database';
import type { Finding } from '../../handlers/findings/finding';
import { arrivedIn, record } from '../../handlers/findings/ingestion';
import type { Digest } from '../../handlers/findings-notifications/digest';
import { type NotificationPorts, take } from '../../handlers/findings-notifications/notification';
import { bytesOf, failedFindingOf, findingOf } from '../support/findings';
import { FindingsDatabase } from '../support/findings-database';
import { scratchFolder } from '../support/scratch';

let database: FindingsDatabase;
let ingest: Database;
let notifications: Database;
let sent: Digest[];
let day = 0;

beforeAll(async () => {
  database = await FindingsDatabase.migrated(scratchFolder());
  ingest = database.as('findings_ingest');
  notifications = database.as('findings_notifications');
});
afterAll(async () => {
  await Promise.all([ingest.close(), notifications.close()]);
  await database.stop();
});
beforeEach(async () => {
  sent = [];
  await database.ask('truncate finding, latest, notification, told');
});

/** A sweep of another day found this. */
async function found(...findings: ((inspectedAt: string) => Finding)[]): Promise<void> {
  const inspectedAt = new Date(Date.UTC(2026, 10, ++day)).toISOString();
  await record(
    ingest,
    findings.map((one) => arrivedIn(bytesOf(one(inspectedAt)))),
  );
}

const tell = (digest: Digest) => Promise.resolve(void sent.push(digest));

function notify(MessageId: string, publish = tell) {
  return taken(MessageId, { publish });
}

function taken(MessageId: string, { publish }: Pick<NotificationPorts, 'publish'>) {
  const notification = {
    MessageId,
    TopicArn: 'arn:aws:sns:us-east-2:000000000000:notifications',
    Subject: 'A sweep ended',
    Message: '{"tables": 2}',
    Timestamp: '2026-11-01T00:00:00.000Z',
  };
  const transaction: Database['transaction'] = (work) => notifications.transaction(work);
  return take(notification, { transaction, ...(publish && { publish }), log: () => undefined });
}

const table = (id: string, advice: Finding['advice']) => (inspectedAt: string) =>
  findingOf({ id, inspectedAt, advice });
const advice = (code: string, severity: Finding['advice'][number]['severity']) => ({
  ...{ code, severity, value: 1, threshold: 0.5 },
  reason: `${code} is wrong.`,
  action: 'Compact it.',
});

describe('a notification', () => {
  test('is recorded once, however often it is delivered', async () => {
    await Promise.all([notify('one'), notify('two')]);
    await notify('one');
    expect(await database.ask('select message_id, subject, message from notification order by 1')).toEqual([
      { message_id: 'one', subject: 'A sweep ended', message: '{"tables": 2}' },
      { message_id: 'two', subject: 'A sweep ended', message: '{"tables": 2}' },
    ]);
  });

  test('tells nobody anything when no table needs anything', async () => {
    await found(table('glue:a.good', []));
    await notify('one');
    expect(sent).toEqual([]);
  });

  test('tells what tables need, the most urgent first, and tells it once', async () => {
    await found(table('glue:a.low', [advice('small', 'low')]), table('glue:a.high', [advice('deletes', 'high')]));
    await found((inspectedAt) => failedFindingOf({ id: 'glue:a.closed', inspectedAt }));
    await notify('one');
    expect(sent).toEqual([
      {
        subject: 'TableSleuth: 3 problems that tables did not have before',
        message: [
          'failed: a.closed: AccessDenied Grant it',
          'high: a.high: deletes is wrong. Compact it.',
          'low: a.low: small is wrong. Compact it.',
        ].join('\n'),
      },
    ]);
    await notify('two');
    await found(table('glue:a.high', [advice('deletes', 'high')]));
    await notify('three');
    expect(sent).toHaveLength(1);
  });

  test('tells what became more urgent, and what came again, and not what became better', async () => {
    await found(table('glue:a.one', [advice('small', 'low'), advice('deletes', 'high')]));
    await notify('one');
    await found(table('glue:a.one', [advice('small', 'medium'), advice('deletes', 'low')]));
    await notify('two');
    await found(table('glue:a.one', []));
    await notify('three');
    await found(table('glue:a.one', [advice('small', 'low')]));
    await notify('four');
    expect(sent.slice(1).map(({ message }) => message)).toEqual([
      'medium: a.one: small is wrong. Compact it.',
      'low: a.one: small is wrong. Compact it.',
    ]);
  });

  test('is told again when nobody could be told', async () => {
    await found(table('glue:a.one', [advice('small', 'low')]));
    await expect(notify('one', () => Promise.reject(new Error('no topic')))).rejects.toThrow('no topic');
    expect(await database.ask('select from notification')).toEqual([]);
    await notify('one');
    expect(sent).toHaveLength(1);
  });

  test('is recorded where nobody is told, and whoever is told later is told all of it', async () => {
    await found(table('glue:a.one', [advice('small', 'low')]));
    await taken('one', {});
    expect(await database.ask('select message_id from notification')).toEqual([{ message_id: 'one' }]);
    await notify('two');
    expect(sent.map(({ message }) => message)).toEqual(['low: a.one: small is wrong. Compact it.']);
  });

  test('names the first twenty tables alone', async () => {
    await found(...Array.from({ length: 25 }, (_, of) => table(`glue:a.t${of}`, [advice('small', 'low')])));
    await notify('one');
    expect(sent[0]?.message.split('\n')).toHaveLength(21);
    expect(sent[0]?.message.split('\n').at(-1)).toBe('and 5 more');
  });
});

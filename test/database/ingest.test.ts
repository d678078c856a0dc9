import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { FindingsDatabase } from '../support/findings-database';
import { bytesOf, findingOf } from '../support/findings';
import { scratchFolder } from '../support/scratch';
import { eventOf, IngestAccount, type Redelivery, until } from './ingest-account';

let database: FindingsDatabase;
let account: IngestAccount;
let run = 0;

beforeAll(async () => {
  [database, account] = await Promise.all([
    FindingsDatabase.migrated(scratchFolder()),
    IngestAccount.start(scratchFolder()),
  ]);
});
afterAll(async () => {
  await account?.stop();
  await database?.stop();
});

beforeEach(() => database.ask('truncate finding, latest'));

function makeQueues(redelivery: Redelivery): Promise<void> {
  return account.makeQueues(`arrivals-${++run}`, redelivery);
}

/** Puts as many findings of different tables into the bucket, and gives the messages about them. */
async function put(count: number): Promise<string[]> {
  const messages = [];
  for (let number = 0; number < count; number++) {
    messages.push(await account.put(`findings/${run}-${number}.json`, bytesOf(findingOf({ id: `glue:t.${number}` }))));
  }
  return messages;
}

async function recorded(): Promise<number> {
  const [row] = await database.ask<{ count: number }>('select count(*)::integer from finding');
  return row!.count;
}

describe('the worker that takes findings in', { concurrent: false, timeout: 120_000 }, () => {
  test('records every finding once, however often its event comes', async () => {
    await makeQueues({ afterSeconds: 60, times: 5 });
    const messages = await put(25);
    await account.send([...messages, ...messages.slice(0, 15), ...messages.slice(0, 5)]);
    const worker = account.startWorker(database);
    await until(async () => (await account.waiting()) === 0, worker.log.bind(worker));
    expect(await recorded()).toBe(25);
    expect(await database.ask('select from latest')).toHaveLength(25);
    expect(await account.dead()).toEqual([]);
    expect(await worker.end('SIGTERM')).toBe(0);
  });

  test('reads the version that an event is about, and keeps the newest finding of a table whatever comes last', async () => {
    await makeQueues({ afterSeconds: 60, times: 5 });
    const [old, young] = ['2026-11-01T00:00:00Z', '2026-11-02T00:00:00.123456Z'];
    const first = await account.put('findings/one.json', bytesOf(findingOf({ inspectedAt: old })));
    const second = await account.put('findings/one.json', bytesOf(findingOf({ inspectedAt: young })));
    const worker = account.startWorker(database);
    for (const message of [second, first]) {
      await account.send([message]);
      await until(async () => (await account.waiting()) === 0, worker.log.bind(worker));
    }
    expect(await database.ask('select inspected_at as at from finding order by id')).toEqual([
      { at: new Date(young) },
      { at: new Date(old) },
    ]);
    expect(await database.ask('select inspected_at as at from latest')).toEqual([{ at: new Date(young) }]);
    await worker.end('SIGKILL');
  });

  test('leaves what it cannot take in to the queue of dead letters, and takes in all the others', async () => {
    await makeQueues({ afterSeconds: 3, times: 3 });
    const good = await put(8);
    const refused = findingOf({ id: 'glue:t.\u0000' });
    const poisoned = [
      'no event',
      eventOf({ key: 'findings/one.json', bucket: 'of-somebody-else' }),
      eventOf({ key: 'findings/nowhere.json' }),
      await account.put('findings/half.json', bytesOf(findingOf()).slice(0, 200)),
      await account.put('findings/refused.json', bytesOf(refused)),
    ];
    await account.send(good.flatMap((message, index) => [message, ...poisoned.slice(index, index + 1)]));
    const worker = account.startWorker(database);
    await until(async () => (await account.waiting()) === 0, worker.log.bind(worker));
    expect(await recorded()).toBe(8);
    expect((await account.dead()).sort()).toEqual([...poisoned].sort());
    await worker.end('SIGKILL');
  });

  test('loses and doubles nothing when it is killed in the middle', async () => {
    await makeQueues({ afterSeconds: 5, times: 20 });
    await account.send(await put(60));
    const killed = account.startWorker(database);
    await until(async () => (await recorded()) > 0, killed.log.bind(killed));
    expect(await killed.end('SIGKILL')).toBe('SIGKILL');
    const worker = account.startWorker(database);
    await until(async () => (await account.waiting()) === 0, worker.log.bind(worker));
    expect(await recorded()).toBe(60);
    expect(await account.dead()).toEqual([]);
    await worker.end('SIGKILL');
  });

  test('waits for a database that is away with what it has in hand, which costs no attempt', async () => {
    await makeQueues({ afterSeconds: 60, times: 1 });
    const messages = await put(40);
    const worker = account.startWorker(database);
    await account.send(messages.slice(0, 10));
    await until(async () => (await recorded()) === 10, worker.log.bind(worker));
    await database.kill();
    await account.send(messages.slice(10));
    await until(() => worker.log().includes('"event":"waiting"'), worker.log.bind(worker));
    await database.startAgain();
    await until(async () => (await account.waiting()) === 0, worker.log.bind(worker));
    expect(await recorded()).toBe(40);
    expect(await account.dead()).toEqual([]);
    await worker.end('SIGKILL');
  });

  test('ends at SIGTERM with 0 when the database is away, and gives back what it has', async () => {
    await makeQueues({ afterSeconds: 600, times: 5 });
    const messages = await put(5);
    await database.kill();
    const worker = account.startWorker(database);
    await account.send(messages);
    await until(() => worker.log().includes('"event":"waiting"'), worker.log.bind(worker));
    expect(await worker.end('SIGTERM')).toBe(0);
    await database.startAgain();
    const next = account.startWorker(database);
    await until(async () => (await account.waiting()) === 0, next.log.bind(next));
    expect(await recorded()).toBe(5);
    await next.end('SIGKILL');
  });
});

import { describe, expect, test } from 'vitest';
import { isBehindTheDoor } from '../../emulator/machines/front-door';
import { answerQuery } from '../../emulator/machines/name-server';

const A = 1;
const AAAA = 28;

describe('a machine’s name server', () => {
  test('ignores what is no query', () => {
    expect(answerQuery(Buffer.from('nonsense'), () => true)).toBeUndefined();
    expect(answerQuery(query('github.com', A).subarray(0, 20), () => true)).toBeUndefined();
  });

  test('says that a name which nothing answers for does not exist', () => {
    const answer = answerQuery(query('pypi.org', A), isBehindTheDoor)!;
    expect(answer.readUInt16BE(2) & 0xf).toBe(3);
    expect(answer.readUInt16BE(6)).toBe(0);
  });

  test.each(['bucket-of-mine.s3.us-east-2.amazonaws.com', 'glue.us-east-2.amazonaws.com', 'GitHub.com'])(
    'leads %s to the machine itself',
    (name) => {
      const asked = query(name, A);
      const answer = answerQuery(asked, isBehindTheDoor)!;
      expect(answer.subarray(0, 2)).toEqual(asked.subarray(0, 2));
      expect(answer.readUInt16BE(2) & 0xf).toBe(0);
      expect([...answer.subarray(-4)]).toEqual([127, 0, 0, 1]);
    },
  );

  test('says that a name it knows has no IPv6 address', () => {
    const answer = answerQuery(query('github.com', AAAA), isBehindTheDoor)!;
    expect(answer.readUInt16BE(2) & 0xf).toBe(0);
    expect(answer.readUInt16BE(6)).toBe(0);
  });

  test('does not take another’s name for AWS’s', () => {
    expect(isBehindTheDoor('evil-amazonaws.com')).toBe(false);
    expect(isBehindTheDoor('amazonaws.com.example.org')).toBe(false);
  });
});

function query(name: string, type: number): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([
    Buffer.from([0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    Buffer.from([0, 0, type, 0, 1]),
  ]);
}

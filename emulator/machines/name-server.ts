const HEADER_BYTES = 12;
const TYPE_A = 1;
const TTL_SECONDS = 60;
const NAME_ERROR = 3;
const IS_A_RESPONSE = 0x8400;

/**
 * Answers one DNS query: names that `isKnown` accepts are at 127.0.0.1, and have no IPv6 address; no other name exists.
 * Gives undefined for what is no query.
 */
export function answerQuery(query: Buffer, isKnown: (name: string) => boolean): Buffer | undefined {
  const question = readQuestion(query);
  if (question === undefined) return undefined;
  const known = isKnown(question.name);
  const hasAnswer = known && question.type === TYPE_A;
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(IS_A_RESPONSE | (query.readUInt16BE(2) & 0x0100) | (known ? 0 : NAME_ERROR), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(hasAnswer ? 1 : 0, 6);
  return Buffer.concat([header, query.subarray(HEADER_BYTES, question.end), hasAnswer ? loopback() : Buffer.alloc(0)]);
}

interface Question {
  readonly name: string;
  readonly type: number;
  readonly end: number;
}

function readQuestion(query: Buffer): Question | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at]; length !== 0; length = query[at]) {
    if (length === undefined || length > 63) return undefined;
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const end = at + 5;
  return query.length < end
    ? undefined
    : { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end };
}

function loopback(): Buffer {
  const record = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
  record.writeUInt32BE(TTL_SECONDS, 6);
  return record;
}

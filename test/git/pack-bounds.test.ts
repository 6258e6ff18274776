import { describe, expect, test } from 'bun:test';
import { deflateSync } from 'node:zlib';
import { gitObject, packOf } from '../../src/promote/git/objects.ts';
import { refuseLargeObjects } from '../../src/promote/git/pack-bounds.ts';
import { FLUSH_PKT, pktLine } from '../../src/promote/git/pktline.ts';
import { failureOf } from '../fakes/failure.ts';

const MIB = 1024 * 1024;
const NAME = 'https://git.example/acme/fleet';
const [BLOB, OFS_DELTA] = [3, 6];

/** Type and size as a pack has them in front of an entry (gitformat-pack). */
function head(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 0x0f)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((bytes.pop() ?? 0) | 0x80, rest & 0x7f);
  }
  return Buffer.from(bytes);
}

/** A number as a delta has it: seven bits a byte, the lowest first. */
function deltaNumber(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...deltaNumber(Math.floor(value / 128))];
}

/** An entry that says `size` and holds `data`. */
const entry = (data: Buffer, size = data.length) => Buffer.concat([head(BLOB, size), deflateSync(data)]);

/** A delta on the entry 13 bytes before it that makes so many bytes. */
function delta(result: number): Buffer {
  const data = Buffer.from([...deltaNumber(5), ...deltaNumber(result), 1, 0x61]);
  return Buffer.concat([head(OFS_DELTA, data.length), Buffer.from([13]), deflateSync(data)]);
}

function pack(entries: readonly Buffer[], count = entries.length): Buffer {
  const header = Buffer.alloc(12);
  header.write('PACK', 'latin1');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(count, 8);
  return Buffer.concat([header, ...entries, Buffer.alloc(20)]);
}

/** What a server answers to a fetch: words first, then the pack on side band 1. */
function answer(bytes: Buffer): Buffer {
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 60_000) {
    const band = Buffer.concat([Buffer.from([1]), bytes.subarray(at, at + 60_000)]);
    lines.push(Buffer.from((band.length + 4).toString(16).padStart(4, '0')), band);
  }
  return Buffer.concat([pktLine('shallow 1\n'), FLUSH_PKT, pktLine('NAK\n'), ...lines, FLUSH_PKT]);
}

const HELLO = entry(Buffer.from('hello'));
const LARGE = `${NAME} has a file of more than 64 MiB: keep it out of this repository, such as in Git LFS.`;
const WHOLE = `${NAME} has files of more than 1024 MiB in all, or more than 1000000 of them: promote in a repository for GitOps alone.`;

describe('a fetched pack', () => {
  test.each([
    ['no pack', Buffer.alloc(0)],
    ['a pack of no object', pack([])],
    [
      'a pack as we make them',
      packOf([gitObject('blob', Buffer.alloc(70_000, 'a')), gitObject('tree', Buffer.alloc(0))]),
    ],
    ['a delta', pack([HELLO, delta(1)])],
    ['a file of 64 MiB', pack([entry(Buffer.alloc(64 * MIB))])],
  ])('may be %s', async (_, bytes) => {
    await refuseLargeObjects(answer(bytes), NAME);
  });

  test.each([
    ['an object that says it is too large', pack([HELLO, entry(Buffer.from('x'), 64 * MIB + 1)]), LARGE],
    ['a delta that would make too large an object', pack([HELLO, delta(64 * MIB + 1)]), LARGE],
    [
      'deltas that would make too much in all',
      pack([HELLO, ...Array.from({ length: 17 }, () => delta(64 * MIB))]),
      WHOLE,
    ],
    ['too many objects', pack([HELLO], 1_000_001), WHOLE],
  ])('may not be %s', async (_, bytes, sentence) => {
    const error = await failureOf(refuseLargeObjects(answer(bytes), NAME));
    expect(error).toMatchObject({ code: 'GitTooLarge', retry: 'never', message: sentence });
  });

  test.each([
    ['larger than it says', pack([entry(Buffer.alloc(80 * MIB), 5)])],
    ['smaller than it says', pack([entry(Buffer.from('x'), 5)])],
    ['not there', pack([HELLO], 2)],
    ['rubbish', pack([Buffer.alloc(100, 0x35)])],
  ])('whose object is %s is damaged', async (_, bytes) => {
    await expect(refuseLargeObjects(answer(bytes), NAME)).rejects.not.toHaveProperty('code', 'GitTooLarge');
  });
});

import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

/** Packs as hostile servers make them (gitformat-pack). */

export const [COMMIT, TREE, BLOB] = [1, 2, 3];
const OFS_DELTA = 6;
const HEADER_BYTES = 12;
/** The most that one instruction copies, but for the one byte that would make its size 0. */
const COPY_BYTES = 0xffffff;

export interface PackObject {
  readonly type: number;
  readonly body: Uint8Array;
}

/** Written as a delta on the object before it, or on the first one. */
export interface PackDelta {
  readonly on: 'previous' | 'first';
  readonly delta: Uint8Array;
  /** Compressed already. */
  readonly deflated?: Uint8Array;
}

export function packOf(entries: readonly (PackObject | PackDelta)[]): Buffer {
  const parts: Buffer[] = [];
  let [at, last] = [HEADER_BYTES, HEADER_BYTES];
  for (const entry of entries) {
    const part =
      'body' in entry ? wholeOf(entry) : deltaOf(entry, at - (entry.on === 'first' ? HEADER_BYTES : last));
    parts.push(part);
    last = at;
    at += part.length;
  }
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('PACK');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(entries.length, 8);
  const body = Buffer.concat([header, ...parts]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

function wholeOf({ type, body }: PackObject): Buffer {
  return Buffer.concat([head(type, body.length), deflateSync(body)]);
}

function deltaOf({ delta, deflated }: PackDelta, distance: number): Buffer {
  return Buffer.concat([head(OFS_DELTA, delta.length), offset(distance), deflated ?? deflateSync(delta)]);
}

/** A delta that copies all but the last four bytes of an object of this size, and ends with a number. */
export function copyingDelta(size: number, number: number): Buffer {
  const copies: number[] = [];
  for (let from = 0; from < size - 4; ) {
    const length = Math.min(size - 4 - from, COPY_BYTES);
    copies.push(0xff, ...littleEndian(from, 4), ...littleEndian(length, 3));
    from += length;
  }
  return Buffer.concat([
    varint(size),
    varint(size),
    Buffer.from(copies),
    Buffer.from([4, ...littleEndian(number, 4)]),
  ]);
}

/** A commit of one tree with one file. */
export function commitOf(file: Uint8Array): { oid: string; objects: PackObject[] } {
  const tree = Buffer.concat([Buffer.from('100644 a.yaml\0'), Buffer.from(oidOf('blob', file), 'hex')]);
  const who = 'a <a@example.com> 1 +0000';
  const commit = Buffer.from(`tree ${oidOf('tree', tree)}\nauthor ${who}\ncommitter ${who}\n\nx\n`);
  const objects = [
    { type: COMMIT, body: commit },
    { type: TREE, body: tree },
    { type: BLOB, body: file },
  ] as PackObject[];
  return { oid: oidOf('commit', commit), objects };
}

function oidOf(type: string, body: Uint8Array): string {
  return createHash('sha1').update(`${type} ${body.length}\0`).update(body).digest('hex');
}

function head(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 15)];
  for (let rest = size >>> 4; rest > 0; rest >>>= 7) {
    bytes.push((bytes.pop() ?? 0) | 0x80, rest & 0x7f);
  }
  return Buffer.from(bytes);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function offset(distance: number): Buffer {
  const bytes = [distance & 0x7f];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest -= 1;
    bytes.unshift((rest & 0x7f) | 0x80);
  }
  return Buffer.from(bytes);
}

function littleEndian(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (value >>> (8 * index)) & 0xff);
}

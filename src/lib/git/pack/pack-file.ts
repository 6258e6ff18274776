import { createHash, type Hash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { inflateSync } from 'node:zlib';

/** An object as it lies in a pack (gitformat-pack): whole, or a delta on another one. */
export interface PackEntry {
  /** The type in the pack: `COMMIT`, a tree, a blob, or a delta of an unknown one. */
  readonly type: number;
  readonly data: Buffer;
  readonly base: { readonly offset: number } | { readonly oid: string } | undefined;
  /** The bytes that it takes in the pack. */
  readonly length: number;
}

/** A pack and its index, read piece by piece; only the index is in memory. */
export interface PackFile {
  readonly name: string;
  /** The number of objects that the index names. */
  readonly count: number;
  /** Something in the pack has no name: it is too large to be read. */
  readonly isLacking: boolean;
  /** The offset of an object. */
  find(oid: string): number | undefined;
  headerAt(offset: number): EntryHeader;
  /** Reads an entry that is small enough for memory. Throws when it is damaged. */
  entryAt(offset: number, header: EntryHeader): PackEntry;
  /** Closes the file until something is read again. */
  close(): void;
}

export const COMMIT = 1;

const TYPE_NAMES: Readonly<Record<number, string>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };

/** The types of objects that are not deltas. */
export const TYPES: readonly number[] = [1, 2, 3, 4];

/** Begins the digest that names an object; add its bytes. Throws when packs know no such type. */
export function objectDigest(type: number, size: number): Hash {
  const name = TYPE_NAMES[type];
  if (name === undefined) throw new Error('an object of a pack is of no known type');
  return createHash('sha1').update(`${name} ${size}\0`);
}

const OID_BYTES = 20;
const FANOUT_AT = 8;
const NAMES_AT = FANOUT_AT + 256 * 4;
const OFS_DELTA = 6;
const REF_DELTA = 7;

/** The path of a file that exists when something of the pack has no name. */
export function lackingMark(path: string): string {
  return `${path}.lacking`;
}

/** Opens a pack; `path` without its ending. Throws when the index is not version 2. */
export function openPackFile(path: string): PackFile {
  const index = readFileSync(`${path}.idx`);
  if (index.toString('hex', 0, 8) !== 'ff744f6300000002') throw new Error('the index of a pack is unusable');
  const count = index.readUInt32BE(FANOUT_AT + 255 * 4);
  const offsetsAt = NAMES_AT + count * (OID_BYTES + 4);
  let file: number | undefined;
  const read = (offset: number, length: number) => {
    file ??= openSync(`${path}.pack`, 'r');
    return readRange(file, offset, length);
  };
  const isLacking = existsSync(lackingMark(path));
  return {
    name: path,
    count,
    isLacking,
    find(oid) {
      const place = findName(index, Buffer.from(oid, 'hex'));
      return place === undefined ? undefined : index.readUInt32BE(offsetsAt + place * 4);
    },
    headerAt: (offset) => parseHeader(read(offset, MAX_HEADER_BYTES), offset),
    entryAt(offset, { size }) {
      // Bytes beyond the entry are left alone.
      const entry = parseEntry(read(offset, compressedBound(size)), offset, size);
      if (entry === undefined) throw new Error('an object of a pack has not its size');
      return entry;
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/**
 * The most that an entry of so many bytes takes in a pack, header included: zlib adds little to bytes that it cannot
 * compress.
 */
export function compressedBound(size: number): number {
  return size + Math.ceil(size / 8) + 4_096;
}

export function readRange(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
}

/** The place of a name among the sorted ones. */
function findName(index: Buffer, name: Buffer): number | undefined {
  const first = name[0] ?? 0;
  let low = first === 0 ? 0 : index.readUInt32BE(FANOUT_AT + (first - 1) * 4);
  let high = index.readUInt32BE(FANOUT_AT + first * 4);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = NAMES_AT + middle * OID_BYTES;
    const order = index.compare(name, 0, OID_BYTES, at, at + OID_BYTES);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/** The header in front of an entry's compressed bytes. */
export interface EntryHeader {
  readonly type: number;
  /** The size of the object or the delta, inflated. */
  readonly size: number;
  readonly base: PackEntry['base'];
  /** The length of the header itself. */
  readonly length: number;
}

/** No header is longer. */
export const MAX_HEADER_BYTES: number = 64;

/** Reads a header. `bytes` begin with the entry, which is at `offset` in its pack. */
export function parseHeader(bytes: Buffer, offset: number): EntryHeader {
  let at = 0;
  let byte = bytes[at++] ?? 0;
  const type = (byte >> 4) & 0x07;
  let size = byte & 0x0f;
  for (let factor = 16; byte & 0x80 && at < MAX_HEADER_BYTES / 2; factor *= 128) {
    byte = bytes[at++] ?? 0;
    size += (byte & 0x7f) * factor;
  }
  const { base, length } = baseOf(type, bytes.subarray(at), offset);
  return { type, size, base, length: at + length };
}

/** Reads an entry. `bytes` begin with it; undefined when it is larger than `maxBytes`. Throws when it is damaged. */
export function parseEntry(bytes: Buffer, offset: number, maxBytes: number): PackEntry | undefined {
  const { type, size, base, length } = parseHeader(bytes, offset);
  if (size > maxBytes) return undefined;
  const { data, taken } = inflate(bytes.subarray(length), size);
  if (data.length !== size) throw new Error('an object of a pack has not its size');
  return { type, data, base, length: length + taken };
}

/** Inflates the compressed bytes and leaves alone those that follow; `taken` is the number of compressed ones. */
function inflate(bytes: Buffer, size: number): { data: Buffer; taken: number } {
  const options = { maxOutputLength: Math.max(size, 1), info: true };
  try {
    // The types do not know what `info` gives (https://nodejs.org/api/zlib.html#class-options).
    const { buffer, engine } = inflateSync(bytes, options) as unknown as Inflated;
    return { data: buffer, taken: engine.bytesWritten };
  } catch (error) {
    throw new Error('an object of a pack is damaged', { cause: error });
  }
}

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function baseOf(type: number, bytes: Buffer, offset: number): { base: PackEntry['base']; length: number } {
  if (type === REF_DELTA) return { base: { oid: bytes.toString('hex', 0, OID_BYTES) }, length: OID_BYTES };
  if (type !== OFS_DELTA) return { base: undefined, length: 0 };
  let at = 0;
  let byte = bytes[at++] ?? 0;
  let distance = byte & 0x7f;
  while (byte & 0x80 && at < MAX_HEADER_BYTES / 4) {
    byte = bytes[at++] ?? 0;
    distance = (distance + 1) * 128 + (byte & 0x7f);
  }
  return { base: { offset: offset - distance }, length: at };
}

/**
 * Git's delta (gitformat-pack, "Deltified representation"): sizes of the base and of the result, then instructions that
 * copy from the base or insert the bytes that follow. Throws when it does not fit.
 */
export function applyDelta(base: Buffer, delta: Buffer): Buffer {
  const cursor = { bytes: delta, at: 0 };
  const baseSize = deltaSize(cursor);
  const result = Buffer.alloc(checkedSize(deltaSize(cursor)));
  if (baseSize !== base.length) throw new Error('a delta is for another base');
  let filled = 0;
  while (cursor.at < delta.length) {
    const instruction = nextByte(cursor);
    const { from, start, length } =
      instruction & 0x80 ? copyOf(base, cursor, instruction) : insertOf(cursor, instruction);
    if (length === 0 || start + length > from.length || filled + length > result.length) {
      throw new Error('a delta reaches beyond its ends');
    }
    if (length > SMALL_COPY) from.copy(result, filled, start, start + length);
    else for (let at = 0; at < length; at += 1) result[filled + at] = from[start + at] ?? 0;
    filled += length;
  }
  if (filled !== result.length) throw new Error('a delta is broken off');
  return result;
}

/** A call of copy takes longer than a loop for so few bytes, and a delta may have millions of them. */
const SMALL_COPY = 32;

/** Objects above this are not read; a YAML file has some kilobytes. */
export const MAX_OBJECT_BYTES: number = 16 * 1024 * 1024;

/** The size of a delta's base. */
export function deltaBaseSize(delta: Buffer): number {
  return deltaSize({ bytes: delta, at: 0 });
}

/** The size of a delta's result. */
export function deltaResultSize(delta: Buffer): number {
  const cursor = { bytes: delta, at: 0 };
  deltaSize(cursor);
  return deltaSize(cursor);
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

function nextByte(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at];
  if (byte === undefined) throw new Error('a delta is broken off');
  cursor.at += 1;
  return byte;
}

function checkedSize(size: number): number {
  if (size > MAX_OBJECT_BYTES) throw new Error('a delta makes too large an object');
  return size;
}

const MAX_FACTOR = 2 ** 63;

/** Reads a number of seven bits a byte, the lowest first. */
function deltaSize(cursor: Cursor): number {
  let [size, factor, byte] = [0, 1, 0];
  do {
    byte = nextByte(cursor);
    size += (byte & 0x7f) * factor;
    factor *= 128;
    if (factor > MAX_FACTOR) throw new Error('a delta names no size');
  } while (byte & 0x80);
  return size;
}

/** The instruction's low four bits say which bytes of the offset follow, the next three which of the size. */
function copyOf(base: Buffer, cursor: Cursor, instruction: number) {
  const bytesOf = (first: number, count: number) => {
    let value = 0;
    for (let bit = 0; bit < count; bit += 1) {
      if (instruction & (1 << (first + bit))) value += nextByte(cursor) * 256 ** bit;
    }
    return value;
  };
  const start = bytesOf(0, 4);
  const length = bytesOf(4, 3) || 0x10000;
  return { from: base, start, length };
}

function insertOf(cursor: Cursor, length: number) {
  const start = cursor.at;
  cursor.at += length;
  return { from: cursor.bytes, start, length };
}

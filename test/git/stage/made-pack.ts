import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

/** Packs as Git would not make them (gitformat-pack). */

export const [BLOB, OFS_DELTA, REF_DELTA] = [3, 6, 7] as const;

/** Type and size as they stand in front of an entry. */
export function entryHead(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 0x0f)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((bytes.pop() ?? 0) | 0x80, rest & 0x7f);
  }
  return Buffer.from(bytes);
}

/** An entry that says `size` and holds `data`. */
export function blobEntry(data: Buffer, size: number = data.length): Buffer {
  return Buffer.concat([entryHead(BLOB, size), deflateSync(data)]);
}

/** A number as a delta has it: seven bits a byte, the lowest first. */
export function deltaNumber(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...deltaNumber(Math.floor(value / 128))];
}

/** The distance back to the beginning of an entry's base. */
export function distance(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest -= 1;
    bytes.unshift((rest & 0x7f) | 0x80);
  }
  return bytes;
}

/** Copies so many bytes from the base's start, in pieces as large as they may be. */
export function copying(length: number): Buffer {
  return copyingFrom(0, length);
}

export function copyingFrom(start: number, length: number): Buffer {
  const pieces: number[] = [];
  const bytesOf = (value: number, count: number) =>
    Array.from({ length: count }, (_, byte) => Math.floor(value / 256 ** byte) & 0xff);
  for (let at = start; at < start + length; at += 0xffffff) {
    pieces.push(0xff, ...bytesOf(at, 4), ...bytesOf(Math.min(0xffffff, start + length - at), 3));
  }
  return Buffer.from(pieces);
}

/** A delta that makes `result` bytes of `base` ones by these instructions. */
export function deltaData(base: number, result: number, instructions: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([...deltaNumber(base), ...deltaNumber(result)]), instructions]);
}

/** A delta on the entry that begins so many bytes before it. */
export function ofsDelta(back: number, data: Buffer): Buffer {
  return Buffer.concat([entryHead(OFS_DELTA, data.length), Buffer.from(distance(back)), deflateSync(data)]);
}

export function refDelta(oid: string, data: Buffer): Buffer {
  return Buffer.concat([entryHead(REF_DELTA, data.length), Buffer.from(oid, 'hex'), deflateSync(data)]);
}

export function madePack(entries: readonly Buffer[], count: number = entries.length): Buffer {
  const header = Buffer.alloc(12);
  header.write('PACK', 'latin1');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(count, 8);
  const content = Buffer.concat([header, ...entries]);
  return Buffer.concat([content, createHash('sha1').update(content).digest()]);
}

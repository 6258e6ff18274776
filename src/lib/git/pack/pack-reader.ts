import { closeSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInflate } from 'node:zlib';
import {
  compressedBound,
  type EntryHeader,
  MAX_HEADER_BYTES,
  type PackEntry,
  parseEntry,
  parseHeader,
  readRange,
} from './pack-file.ts';

/** Reads the entries of a pack that has no index yet; at most one entry of it is in memory. */
export interface PackReader {
  /** The end of the last object, before the checksum. */
  readonly end: number;
  headerAt(offset: number): EntryHeader;
  /** Reads an entry that is small enough for memory. Throws when it is damaged. */
  entryAt(offset: number, header: EntryHeader): PackEntry;
  /** Hands out an object piece by piece, and counts its compressed bytes. Throws when it is damaged. */
  inflateAt(offset: number, header: EntryHeader, take: (piece: Buffer) => void): Promise<number>;
  /** Fewer at the end of the pack. */
  bytesAt(offset: number, length: number): Buffer;
  /** The checksum of all bytes before it, as the pack has it. */
  checksum(): Buffer;
  close(): void;
}

const CHECKSUM_BYTES = 20;

const WINDOW_BYTES = 256 * 1024;
const PIECE_BYTES = 64 * 1024;

export async function openPackReader(path: string): Promise<PackReader> {
  const end = (await stat(path)).size - CHECKSUM_BYTES;
  const file = openSync(path, 'r');
  let window: { readonly at: number; readonly bytes: Buffer } = { at: 0, bytes: Buffer.alloc(0) };

  function bytesAt(offset: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, end - offset));
    if (offset < window.at || offset + wanted > window.at + window.bytes.length) {
      const most = Math.min(Math.max(wanted, WINDOW_BYTES), end - offset);
      window = { at: offset, bytes: readRange(file, offset, Math.max(0, most)) };
    }
    return window.bytes.subarray(offset - window.at, offset - window.at + wanted);
  }

  return {
    end,
    bytesAt,
    headerAt: (offset) => parseHeader(bytesAt(offset, MAX_HEADER_BYTES), offset),
    entryAt(offset, { size }) {
      const entry = parseEntry(bytesAt(offset, compressedBound(size)), offset, size);
      if (entry === undefined) throw new Error('an object of a pack has not its size');
      return entry;
    },
    async inflateAt(offset, { size, length }, take) {
      let made = 0;
      const taken = await inflated(
        (at) => readRange(file, offset + length + at, Math.min(PIECE_BYTES, end - offset - length - at)),
        (piece) => {
          made += piece.length;
          if (made > size) throw new Error('an object of a pack is larger than it says');
          take(piece);
        },
      );
      if (made !== size) throw new Error('an object of a pack has not its size');
      return taken;
    },
    checksum: () => readRange(file, end, CHECKSUM_BYTES),
    close: () => closeSync(file),
  };
}

/** Gives the number of bytes of the input that belonged to the compressed ones. */
async function inflated(read: (at: number) => Buffer, take: (piece: Buffer) => void): Promise<number> {
  const inflate = createInflate();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => undefined); // It is waited for once all is written.
  let isOver = false;
  const over = (settle: () => void) => {
    isOver = true;
    settle();
  };
  inflate.on('data', (piece: Buffer) => {
    try {
      take(piece);
    } catch (error) {
      over(() => reject(error));
    }
  });
  inflate.on('end', () => over(resolve));
  inflate.on('error', (error) => over(() => reject(error)));
  try {
    for (let at = 0; !isOver; ) {
      const piece = read(at);
      at += piece.length;
      if (piece.length === 0) {
        // Some of its input may not have come out yet.
        inflate.end();
        break;
      }
      await Promise.race([promise, new Promise<void>((done) => inflate.write(piece, () => done()))]);
    }
    await promise;
    return inflate.bytesWritten;
  } finally {
    inflate.destroy();
  }
}

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { deltaBaseSize, deltaResultSize, MAX_OBJECT_BYTES } from './delta.ts';
import { createPackBudget, type PackBudget, type PackLimits, tooLarge } from './pack-budget.ts';
import type { PackEntries } from './pack-entries.ts';
import { type EntryHeader, objectDigest } from './pack-file.ts';
import type { External } from './pack-outside.ts';
import { openPackReader, type PackReader } from './pack-reader.ts';
import { createPackTable, type PackTable, type Seen } from './pack-table.ts';

export interface ScanOptions extends PackLimits {
  /** Gives the bases of a thin pack's deltas; undefined for one that is not here. */
  readonly external: External;
  /** Objects were left out before: a delta on an unknown base may build on one of them. */
  readonly isLacking?: boolean;
  /** Called for each object that is not too large to be read. */
  readonly seen?: Seen;
}

export interface ScannedPack {
  readonly entries: Readonly<PackEntries>;
  /** The names of the bases that it does not have. */
  readonly outside: readonly string[];
  readonly checksum: Buffer;
}

const MAX_OBJECTS = 300_000;
const HEADER_BYTES = 12;
const COUNT_AT = 8;

/**
 * Names all objects of a pack (gitformat-pack), in bounded memory and giving up its turn. An object that is too large
 * to be read is measured, and left out where that takes its bytes. Throws `GitTooLarge`, and anything else when the
 * pack is damaged.
 */
export async function scanPack(path: string, options: ScanOptions): Promise<ScannedPack> {
  const reader = await openPackReader(path);
  try {
    return await scan(reader, options);
  } finally {
    reader.close();
  }
}

async function scan(reader: PackReader, options: ScanOptions): Promise<ScannedPack> {
  const start = reader.bytesAt(0, HEADER_BYTES);
  if (start.length < HEADER_BYTES || start.toString('latin1', 0, 4) !== 'PACK') {
    throw new Error('an answer has no pack');
  }
  const count = start.readUInt32BE(COUNT_AT);
  if (count > MAX_OBJECTS) throw tooLarge(options);
  const { enter, ...limits } = options;
  // A scan that waits holds no memory.
  const enterEmpty = enter && (() => Promise.resolve(table.forget()).then(enter));
  const budget = createPackBudget({ ...limits, ...(enterEmpty && { enter: enterEmpty }) });
  const table = createPackTable(count, { ...options, reader, budget });
  const { entries } = table;
  const hash = createHash('sha1').update(start);
  let at = HEADER_BYTES;
  for (let place = 0; place < count; place += 1) {
    entries.offsets[place] = at;
    const length = await readEntry(reader, table, { place, at, budget });
    entries.crcs[place] = sum(reader, hash, { at, length });
    at += length;
    await budget.turn();
  }
  if (at !== reader.end) throw new Error('a pack does not end behind its last object');
  const checksum = hash.digest();
  if (!checksum.equals(reader.checksum())) throw new Error('a pack has another checksum than it says');
  await table.resolveWaiting();
  return { entries, outside: table.outside(), checksum };
}

interface Entry {
  readonly place: number;
  readonly at: number;
  readonly budget: PackBudget;
}

/** Reads one entry and gives the number of its bytes in the pack. */
async function readEntry(
  reader: PackReader,
  table: PackTable,
  { place, at, budget }: Entry,
): Promise<number> {
  const header = reader.headerAt(at);
  budget.hold(header.size);
  await budget.room();
  if (header.size > MAX_OBJECT_BYTES)
    return header.length + (await measure(reader, table, { place, at, header }));
  const { base, data, type, length } = reader.entryAt(at, header);
  budget.work(data.length);
  if (base === undefined) {
    table.name(place, { type, body: data });
    return length;
  }
  budget.hold(Math.min(deltaResultSize(data), MAX_OBJECT_BYTES));
  // Objects outside of the pack are counted when they are read.
  await budget.room('oid' in base ? deltaBaseSize(data) : 0);
  table.takeDelta(place, data, base);
  return length;
}

/** A large object is named, not kept; a large delta is neither. */
async function measure(
  reader: PackReader,
  table: PackTable,
  { place, at, header }: { readonly place: number; readonly at: number; readonly header: EntryHeader },
): Promise<number> {
  const digest = header.base === undefined ? objectDigest(header.type, header.size) : undefined;
  const taken = await reader.inflateAt(at, header, (piece) => digest?.update(piece));
  if (digest) table.nameLarge(place, header.type, digest.digest());
  else table.leaveOut(place);
  return taken;
}

const PIECE_BYTES = 256 * 1024;

function sum(
  reader: PackReader,
  hash: ReturnType<typeof createHash>,
  { at, length }: { readonly at: number; readonly length: number },
): number {
  let crc = 0;
  for (let done = 0; done < length; done += PIECE_BYTES) {
    const piece = reader.bytesAt(at + done, Math.min(PIECE_BYTES, length - done));
    hash.update(piece);
    crc = crc32(piece, crc);
  }
  return crc;
}

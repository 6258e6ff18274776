import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createTurns, type Turn } from '../../async/index.ts';
import { OID_BYTES, oidAt, type PackEntries } from './pack-entries.ts';
import { lackingMark } from './pack-file.ts';
import type { ScannedPack } from './pack-scan.ts';

const PLACES_AT_ONCE = 5_000;
const FEW = 64;
const MAGIC = Buffer.from('ff744f6300000002', 'hex');

/** Writes the index of a pack (gitformat-pack, "Version 2 pack-*.idx files"); `path` without its ending. */
export async function writePackIndex(
  path: string,
  { entries, checksum }: ScannedPack,
  turn: Turn = createTurns().job(),
): Promise<void> {
  if (entries.isLacking) await writeFile(lackingMark(path), '');
  const { oids, offsets, crcs } = entries;
  const order = await sortedPlaces(entries, turn);
  const fanout = new Uint32Array(256);
  const [names, sums, starts] = [order.length * OID_BYTES, order.length * 4, order.length * 4].map((size) =>
    Buffer.alloc(size),
  ) as [Buffer, Buffer, Buffer];
  for (const [index, place] of order.entries()) {
    oids.copy(names, index * OID_BYTES, place * OID_BYTES, (place + 1) * OID_BYTES);
    sums.writeUInt32BE(crcs[place] ?? 0, index * 4);
    starts.writeUInt32BE(offsets[place] ?? 0, index * 4);
    const first = oids[place * OID_BYTES] ?? 0;
    fanout[first] = (fanout[first] ?? 0) + 1;
  }
  const content = Buffer.concat([MAGIC, cumulated(fanout), names, sums, starts, checksum]);
  await writeFile(`${path}.idx`, Buffer.concat([content, createHash('sha1').update(content).digest()]));
}

function cumulated(fanout: Uint32Array): Buffer {
  const bytes = Buffer.alloc(fanout.length * 4);
  let sum = 0;
  for (const [index, count] of fanout.entries()) {
    sum += count;
    bytes.writeUInt32BE(sum, index * 4);
  }
  return bytes;
}

/** Places of the named entries, by object id; of several with one name the first that got it. */
async function sortedPlaces(entries: Readonly<PackEntries>, turn: Turn): Promise<number[]> {
  const { count, order } = entries;
  const places = Array.from({ length: count }, (_, place) => place).filter((place) => order[place] !== 0);
  const sorted: number[] = [];
  let sinceTurn = 0;

  /** Sorts places with the same bytes up to `at`: by the next byte, until they are few. */
  async function sort(same: readonly number[], at: number): Promise<void> {
    sinceTurn += same.length;
    if (sinceTurn > PLACES_AT_ONCE) {
      sinceTurn = 0;
      await turn();
    }
    if (same.length <= FEW || at === OID_BYTES) {
      sorted.push(...distinct(same, entries));
      return;
    }
    for (const bucket of bucketsOf(same, entries, at)) if (bucket) await sort(bucket, at + 1);
  }

  await sort(places, 0);
  return sorted;
}

function bucketsOf(
  places: readonly number[],
  { oids }: Readonly<PackEntries>,
  at: number,
): (number[] | undefined)[] {
  const buckets: (number[] | undefined)[] = new Array(256).fill(undefined);
  for (const place of places) {
    const byte = oids[place * OID_BYTES + at] ?? 0;
    const bucket = buckets[byte];
    if (bucket) bucket.push(place);
    else buckets[byte] = [place];
  }
  return buckets;
}

/** Sorts places that are few or have one name, and keeps the first of each name. */
function distinct(places: readonly number[], entries: Readonly<PackEntries>): number[] {
  const nameOf = (place: number) => oidAt(entries, place);
  const turnOf = (place: number) => entries.order[place] ?? 0;
  const firsts = new Map<string, number>();
  for (const place of places) {
    const name = nameOf(place).toString('hex');
    const known = firsts.get(name);
    if (known === undefined || turnOf(place) < turnOf(known)) firsts.set(name, place);
  }
  return [...firsts.values()].sort((a, b) => nameOf(a).compare(nameOf(b)));
}

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { ScannedPack } from './pack-scan.ts';

const OID_BYTES = 20;
const MAGIC = Buffer.from('ff744f6300000002', 'hex');

/** Writes the index of a pack (gitformat-pack, "Version 2 pack-*.idx files"). */
export async function writePackIndex(path: string, { table, checksum }: ScannedPack): Promise<void> {
  const { oids, offsets, crcs } = table;
  const order = await sortedPlaces(table);
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
  await writeFile(path, Buffer.concat([content, createHash('sha1').update(content).digest()]));
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

/** By object id. Sorted by its first byte, and then each of these for itself: other work gets its turn. */
async function sortedPlaces({ oids, count, isNamed }: ScannedPack['table']): Promise<number[]> {
  const buckets: number[][] = Array.from({ length: 256 }, () => []);
  for (let place = 0; place < count; place += 1) {
    if (isNamed(place)) buckets[oids[place * OID_BYTES] ?? 0]?.push(place);
  }
  const nameAt = (place: number) => oids.subarray(place * OID_BYTES, (place + 1) * OID_BYTES);
  const sorted: number[] = [];
  for (const bucket of buckets) {
    for (const place of bucket.sort((a, b) => nameAt(a).compare(nameAt(b)))) sorted.push(place);
    if (bucket.length > 100) await setImmediate();
  }
  return sorted;
}

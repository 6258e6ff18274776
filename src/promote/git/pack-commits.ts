import { applyDelta } from './delta.ts';
import { gitObject } from './objects.ts';
import { COMMIT, type PackEntry, parseEntry } from './pack-file.ts';

const HEADER_BYTES = 12;
const COUNT_AT = 8;
const MAX_ENTRY_BYTES = 64 * 1024 * 1024;
/** Deltas on what stands behind them in the pack, one on the other. */
const MAX_ROUNDS = 50;

interface Delta {
  readonly at: number;
  readonly base: NonNullable<PackEntry['base']>;
  readonly data: Buffer;
}

/**
 * The commits of a pack that is no thin one, by object id. What else is in there is not kept. Throws when the pack
 * is damaged. The pack is one whose sizes were looked at before.
 */
export function commitsIn(pack: Buffer): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  const places = new Map<number, Buffer>();
  const waiting = new Map<number, Delta>();
  const keep = (at: number, body: Buffer) => {
    found.set(gitObject('commit', body).oid, body);
    places.set(at, body);
  };
  const take = ({ at, base, data }: Delta): boolean => {
    const body = 'oid' in base ? found.get(base.oid) : places.get(base.offset);
    if (body) keep(at, applyDelta(body, data));
    return body !== undefined;
  };
  for (const { at, type, base, data } of entriesOf(pack)) {
    if (base === undefined && type === COMMIT) keep(at, data);
    if (base === undefined) continue;
    const delta = { at, base, data };
    // A base by its offset stands before; only of one by its name it is not known yet whether it is a commit.
    const mayCome = 'oid' in base || waiting.has(base.offset);
    if (!take(delta) && mayCome) waiting.set(at, delta);
  }
  takeAll(waiting, take);
  return found;
}

function takeAll(waiting: Map<number, Delta>, take: (delta: Delta) => boolean): void {
  for (let round = 0, before = -1; round < MAX_ROUNDS && waiting.size !== before; round += 1) {
    before = waiting.size;
    for (const delta of waiting.values()) if (take(delta)) waiting.delete(delta.at);
  }
}

function* entriesOf(pack: Buffer): Generator<PackEntry & { readonly at: number }> {
  if (pack.length < HEADER_BYTES || pack.toString('latin1', 0, 4) !== 'PACK') {
    throw new Error('an answer has no pack');
  }
  const count = pack.readUInt32BE(COUNT_AT);
  let at = HEADER_BYTES;
  for (let number = 0; number < count; number += 1) {
    const entry = parseEntry(pack.subarray(at), at, MAX_ENTRY_BYTES);
    if (entry === undefined) throw new Error('an object of a pack is too large');
    yield { ...entry, at };
    at += entry.length;
  }
}

import { createByteCache } from './byte-cache.ts';
import { applyDelta, deltaResultSize, MAX_OBJECT_BYTES } from './delta.ts';
import type { PackBudget } from './pack-budget.ts';
import { costOf, MAX_CHAIN_COST } from './pack-cost.ts';
import { objectDigest, type PackEntry, TYPES } from './pack-file.ts';
import type { PackReader } from './pack-reader.ts';
import { createWaiting } from './pack-waiting.ts';

/** An object's bytes and what it is, as packs number that. */
export interface TypedBody {
  readonly type: number;
  readonly body: Buffer;
}

export type Seen = (object: TypedBody & { readonly oid: string }) => void;

/** The entries of a pack that is being read, each by its place, and the objects that they make. */
export interface PackTable {
  readonly count: number;
  readonly offsets: Uint32Array;
  readonly crcs: Uint32Array;
  /** 20 bytes an entry. */
  readonly oids: Buffer;
  /** In which order the entries were named, from 1 on. 0: it is too large to be read, or builds on what is. */
  readonly order: Uint32Array;
  name(place: number, object: TypedBody): void;
  nameLarge(place: number, type: number, digest: Buffer): void;
  /** It is too large to be read. */
  leaveOut(place: number): void;
  /** A delta of which it is known by now what it builds on is named; another one waits. */
  takeDelta(place: number, delta: Buffer, base: NonNullable<PackEntry['base']>): void;
  /** Call at the end. Throws when a delta builds on what is not there. */
  resolveWaiting(): Promise<void>;
  /** Lets go of what is in memory to save time. */
  forget(): void;
  /** Something has no name. */
  isLacking(): boolean;
  /** What the pack builds on and does not have. */
  outside(): readonly string[];
}

/** What is known beside the pack, and what it cost to read it; undefined when it is not here. */
export type External = (
  oid: string,
) => { readonly body: Buffer; readonly cost: number } | 'too-large' | undefined;

export interface TableDeps {
  readonly reader: PackReader;
  readonly budget: PackBudget;
  readonly external: External;
  readonly isLacking?: boolean;
  readonly seen?: Seen;
}

const MIB = 1024 * 1024;
const OID_BYTES = 20;
const CACHE_BYTES = 24 * MIB;
const OUTSIDE_CACHE_BYTES = 16 * MIB;
const NONE = -1;

export function createPackTable(count: number, deps: TableDeps): PackTable {
  const { reader, budget, isLacking = false, seen } = deps;
  const oids = Buffer.alloc(count * OID_BYTES);
  const [offsets, crcs] = [new Uint32Array(count), new Uint32Array(count)];
  const [order, types] = [new Uint32Array(count), new Uint8Array(count)];
  const bases = new Int32Array(count).fill(NONE);
  const outside = new Map<number, string>();
  /** What it costs to make an object. */
  const costs = new Float64Array(count);
  const bodies = createByteCache<number>(CACHE_BYTES);
  const others = createOutside(deps);
  const waiting = createWaiting();
  let [named, hasLeftOut] = [0, false];

  const isNamed = (place: number) => order[place] !== 0;

  function call(place: number, type: number, digest: Buffer): void {
    digest.copy(oids, place * OID_BYTES);
    types[place] = type;
    named += 1;
    order[place] = named;
    waiting.named(place, digest);
  }

  function nameLarge(place: number, type: number, digest: Buffer): void {
    costs[place] = Number.POSITIVE_INFINITY;
    call(place, type, digest);
  }

  function name(place: number, { type, body }: TypedBody): void {
    const digest = objectDigest(type, body.length).update(body).digest();
    costs[place] ||= body.length;
    bodies.set(place, body);
    call(place, type, digest);
    seen?.({ oid: digest.toString('hex'), type, body });
  }

  function leaveOut(place: number): void {
    hasLeftOut = true;
    waiting.drop(place);
  }

  function readEntry(place: number): Buffer {
    const offset = offsets[place] ?? 0;
    const { data } = reader.entryAt(offset, reader.headerAt(offset));
    budget.work(data.length);
    return data;
  }

  /** Made again where it has fallen out of memory. */
  function bodyOf(place: number): Buffer {
    const chain: number[] = [];
    let at = place;
    let body = bodies.get(at);
    while (body === undefined && isDelta(at)) {
      chain.push(at);
      const from = outside.get(at);
      if (from !== undefined) body = others.body(from);
      at = bases[at] ?? NONE;
      body ??= bodies.get(at);
    }
    body ??= readEntry(at);
    for (const next of chain.reverse()) {
      body = applyDelta(body, readEntry(next));
      budget.work(body.length);
    }
    bodies.set(place, body);
    return body;
  }

  function isDelta(place: number): boolean {
    return bases[place] !== NONE || outside.has(place);
  }

  function build(
    place: number,
    delta: Buffer,
    base: { readonly cost: number; readonly read: () => TypedBody },
  ): void {
    const size = deltaResultSize(delta);
    const cost = base.cost + costOf({ size: delta.length, base: { offset: 0 } }) + size;
    costs[place] = cost;
    if (size > MAX_OBJECT_BYTES || cost > MAX_CHAIN_COST) {
      leaveOut(place);
      return;
    }
    const { type, body } = base.read();
    budget.work(size);
    name(place, { type, body: applyDelta(body, delta) });
  }

  function takeAt(place: number, delta: Buffer, base: number): void {
    bases[place] = base;
    if (!isNamed(base)) {
      waiting.forPlace(base, place);
      return;
    }
    build(place, delta, {
      cost: costs[base] ?? 0,
      read: () => ({ type: types[base] ?? 0, body: bodyOf(base) }),
    });
  }

  function takeDelta(place: number, delta: Buffer, base: NonNullable<PackEntry['base']>): void {
    if ('offset' in base) takeAt(place, delta, placeOf(offsets, place, base.offset));
    else takeOnName(place, delta, base.oid);
  }

  function takeOnName(place: number, delta: Buffer, oid: string): void {
    const base = others.read(oid);
    if (base === 'too-large') leaveOut(place);
    else if (base === undefined) waiting.forName(oid, place);
    else {
      outside.set(place, oid);
      build(place, delta, { cost: base.body.length, read: () => base });
    }
  }

  function forget(): void {
    bodies.clear();
    others.clear();
  }

  async function resolveWaiting(): Promise<void> {
    if (!waiting.isEmpty()) await takeWaiting();
    forget();
    if (waiting.isEmpty()) return;
    if (!isLacking && !hasLeftOut) throw new Error('a pack lacks what a delta of it builds on');
    hasLeftOut = true;
  }

  async function takeWaiting(): Promise<void> {
    for (let place = 0; place < count; place += 1) {
      if (isNamed(place)) waiting.named(place, oids.subarray(place * OID_BYTES, (place + 1) * OID_BYTES));
      await budget.turn();
    }
    for (let next = waiting.next(); next; next = waiting.next()) {
      takeAt(next.place, readEntry(next.place), next.base);
      await budget.room();
      await budget.turn();
    }
  }

  return {
    count,
    offsets,
    crcs,
    oids,
    order,
    name,
    nameLarge,
    leaveOut,
    takeDelta,
    resolveWaiting,
    forget,
    isLacking: () => hasLeftOut,
    outside: others.names,
  };
}

/** What deltas of a thin pack build on, each of it read and recognized once while it is in memory. */
function createOutside({ external, budget }: Pick<TableDeps, 'external' | 'budget'>) {
  const bodies = createByteCache<string>(OUTSIDE_CACHE_BYTES);
  const types = new Map<string, number>();

  function read(oid: string): TypedBody | 'too-large' | undefined {
    const known = bodies.get(oid);
    const [type, body] = [types.get(oid), known];
    if (body && type !== undefined) return { type, body };
    const found = external(oid);
    if (found === undefined || found === 'too-large') return found;
    budget.work(found.cost + found.body.length * TYPES.length);
    return remember(oid, found.body);
  }

  function remember(oid: string, body: Buffer): TypedBody {
    const type = types.get(oid) ?? typeOf(oid, body);
    if (!types.has(oid)) budget.hold(body.length);
    types.set(oid, type);
    bodies.set(oid, body);
    return { type, body };
  }

  return {
    read,
    /** Of one that was read before. */
    body(oid: string): Buffer {
      const found = read(oid);
      if (found === undefined || found === 'too-large') throw new Error('a base of a delta is gone');
      return found.body;
    },
    names: () => [...types.keys()],
    clear: bodies.clear,
  };
}

/** Which of the entries before `end` is at an offset. Throws when none is. */
function placeOf(offsets: Uint32Array, end: number, offset: number): number {
  let [low, high] = [0, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  if (low === end || offsets[low] !== offset) throw new Error('a delta builds on no object of its pack');
  return low;
}

/** Where only the name and the bytes of an object are known. Throws when they do not fit. */
export function typeOf(oid: string, body: Buffer): number {
  const type = TYPES.find((one) => objectDigest(one, body.length).update(body).digest('hex') === oid);
  if (type === undefined) throw new Error(`the object ${oid} is damaged`);
  return type;
}

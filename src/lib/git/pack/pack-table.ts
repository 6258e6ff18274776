import { createPackBodies } from './pack-bodies.ts';
import type { PackBudget } from './pack-budget.ts';
import { createPackDeltas, type PackDeltas } from './pack-deltas.ts';
import { createEntries, isNamed, OID_BYTES, oidAt, type PackEntries } from './pack-entries.ts';
import { objectDigest } from './pack-file.ts';
import { createOutside, type External, type TypedBody } from './pack-outside.ts';
import type { PackReader } from './pack-reader.ts';
import { createWaiting, type Waiting } from './pack-waiting.ts';

export type Seen = (object: TypedBody & { readonly oid: string }) => void;

/** The entries of a pack that is being read, and the objects that they make. */
export interface PackTable {
  readonly entries: Readonly<PackEntries>;
  name(place: number, object: TypedBody): void;
  nameLarge(place: number, type: number, digest: Buffer): void;
  /** Leaves out an entry that is too large to be read. */
  leaveOut(place: number): void;
  /** Names a delta whose base is known by now; keeps another one waiting. */
  takeDelta: PackDeltas['take'];
  /** Call at the end. Throws when a delta builds on a missing object. */
  resolveWaiting(): Promise<void>;
  /** Drops the values that are in memory to save time. */
  forget(): void;
  /** The names of the bases that the pack does not have. */
  outside(): readonly string[];
}

export interface TableDeps {
  readonly reader: PackReader;
  readonly budget: PackBudget;
  readonly external: External;
  readonly isLacking?: boolean;
  readonly seen?: Seen;
}

export function createPackTable(count: number, deps: TableDeps): PackTable {
  const { reader, budget, external, isLacking = false, seen } = deps;
  const entries = createEntries(count);
  const { costs } = entries;
  const outside = createOutside(external, budget);
  const bodies = createPackBodies(entries, { reader, budget, outside });
  const waiting = createWaiting();
  const call = createNaming(entries, waiting);

  function name(place: number, { type, body }: TypedBody): void {
    const digest = objectDigest(type, body.length).update(body).digest();
    costs[place] ||= body.length;
    bodies.keep(place, body);
    call(place, type, digest);
    seen?.({ oid: digest.toString('hex'), type, body });
  }

  function leaveOut(place: number): void {
    entries.isLacking = true;
    waiting.drop(place);
  }

  function forget(): void {
    bodies.clear();
    outside.clear();
  }

  const deltas = createPackDeltas(entries, { bodies, outside, budget, waiting, name, leaveOut });
  return {
    entries,
    name,
    nameLarge(place, type, digest) {
      costs[place] = Number.POSITIVE_INFINITY;
      call(place, type, digest);
    },
    leaveOut,
    takeDelta: deltas.take,
    async resolveWaiting() {
      const next = (place: number, base: number) => deltas.takeAt(place, bodies.entry(place), base);
      if (!waiting.isEmpty()) await takeWaiting(entries, { waiting, budget, next });
      forget();
      if (waiting.isEmpty()) return;
      if (!isLacking && !entries.isLacking) throw new Error('a pack lacks what a delta of it builds on');
      entries.isLacking = true;
    },
    forget,
    outside: outside.names,
  };
}

/** Names entries in the order in which it is called. */
function createNaming({ oids, types, order }: PackEntries, waiting: Waiting) {
  let named = 0;
  return (place: number, type: number, digest: Buffer): void => {
    digest.copy(oids, place * OID_BYTES);
    types[place] = type;
    named += 1;
    order[place] = named;
    waiting.named(place, digest);
  };
}

interface Resolving {
  readonly waiting: Waiting;
  readonly budget: PackBudget;
  /** Takes a delta whose base is named. */
  readonly next: (place: number, base: number) => void;
}

async function takeWaiting(entries: PackEntries, { waiting, budget, next }: Resolving): Promise<void> {
  for (let place = 0; place < entries.count; place += 1) {
    if (isNamed(entries, place)) waiting.named(place, oidAt(entries, place));
    await budget.turn();
  }
  for (let one = waiting.next(); one; one = waiting.next()) {
    next(one.place, one.base);
    await budget.room();
    await budget.turn();
  }
}

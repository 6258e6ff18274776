import { applyDelta, deltaResultSize, MAX_OBJECT_BYTES } from './delta.ts';
import type { PackBodies } from './pack-bodies.ts';
import type { PackBudget } from './pack-budget.ts';
import { costOf, MAX_CHAIN_COST } from './pack-cost.ts';
import { isNamed, type PackEntries, placeOf } from './pack-entries.ts';
import type { PackEntry } from './pack-file.ts';
import type { Outside, TypedBody } from './pack-outside.ts';
import type { Waiting } from './pack-waiting.ts';

/** Makes objects of the deltas of a pack. */
export interface PackDeltas {
  /** Names a delta whose base is known by now; keeps another one waiting. */
  take(place: number, delta: Buffer, base: NonNullable<PackEntry['base']>): void;
  /** Does the same for a delta that builds on an entry. */
  takeAt(place: number, delta: Buffer, base: number): void;
}

export interface DeltasDeps {
  readonly bodies: PackBodies;
  readonly outside: Outside;
  readonly budget: PackBudget;
  readonly waiting: Waiting;
  readonly name: (place: number, object: TypedBody) => void;
  readonly leaveOut: (place: number) => void;
}

/** The base of a delta. */
interface Base {
  readonly cost: number;
  readonly read: () => TypedBody;
}

export function createPackDeltas(entries: PackEntries, deps: DeltasDeps): PackDeltas {
  const { bodies, outside, budget, waiting, name, leaveOut } = deps;
  const { types, costs, bases } = entries;

  function build(place: number, delta: Buffer, base: Base): void {
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
    if (!isNamed(entries, base)) {
      waiting.forPlace(base, place);
      return;
    }
    const read = () => ({ type: types[base] ?? 0, body: bodies.of(base) });
    build(place, delta, { cost: costs[base] ?? 0, read });
  }

  function takeOnName(place: number, delta: Buffer, oid: string): void {
    const base = outside.read(oid);
    if (base === 'too-large') leaveOut(place);
    else if (base === undefined) waiting.forName(oid, place);
    else {
      entries.outside.set(place, oid);
      build(place, delta, { cost: base.body.length, read: () => base });
    }
  }

  return {
    take(place, delta, base) {
      if ('offset' in base) takeAt(place, delta, placeOf(entries, place, base.offset));
      else takeOnName(place, delta, base.oid);
    },
    takeAt,
  };
}

import { createByteCache } from './byte-cache.ts';
import { applyDelta } from './delta.ts';
import type { PackBudget } from './pack-budget.ts';
import { NONE, type PackEntries } from './pack-entries.ts';
import type { Outside } from './pack-outside.ts';
import type { PackReader } from './pack-reader.ts';

/** The bytes of the objects of a pack, as far as they are in memory. */
export interface PackBodies {
  keep(place: number, body: Buffer): void;
  /** Gives the object's bytes, and makes them again where they were dropped from memory. */
  of(place: number): Buffer;
  /** An object as it lies in the pack: whole, or a delta. */
  entry(place: number): Buffer;
  clear(): void;
}

export interface BodiesDeps {
  readonly reader: PackReader;
  readonly budget: PackBudget;
  readonly outside: Outside;
}

const CACHE_BYTES = 24 * 1024 * 1024;

export function createPackBodies(entries: PackEntries, { reader, budget, outside }: BodiesDeps): PackBodies {
  const { offsets, bases, outside: names } = entries;
  const bodies = createByteCache<number>(CACHE_BYTES);

  function entry(place: number): Buffer {
    const offset = offsets[place] ?? 0;
    const { data } = reader.entryAt(offset, reader.headerAt(offset));
    budget.work(data.length);
    return data;
  }

  function isDelta(place: number): boolean {
    return bases[place] !== NONE || names.has(place);
  }

  return {
    keep: bodies.set,
    entry,
    of(place) {
      const chain: number[] = [];
      let at = place;
      let body = bodies.get(at);
      while (body === undefined && isDelta(at)) {
        chain.push(at);
        const from = names.get(at);
        if (from !== undefined) body = outside.body(from);
        at = bases[at] ?? NONE;
        body ??= bodies.get(at);
      }
      body ??= entry(at);
      for (const next of chain.reverse()) {
        body = applyDelta(body, entry(next));
        budget.work(body.length);
      }
      bodies.set(place, body);
      return body;
    },
    clear: bodies.clear,
  };
}

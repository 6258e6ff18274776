import { createByteCache } from './byte-cache.ts';
import type { PackBudget } from './pack-budget.ts';
import { objectDigest, TYPES } from './pack-file.ts';

/** An object's bytes and its type, as packs number that. */
export interface TypedBody {
  readonly type: number;
  readonly body: Buffer;
}

/** Gives an object that is known beside the pack, and the cost of reading it; undefined when it is not here. */
export type External = (
  oid: string,
) => { readonly body: Buffer; readonly cost: number } | 'too-large' | undefined;

/** The objects beside a thin pack that its deltas build on. */
export interface Outside {
  /** Undefined where it is not here. */
  read(oid: string): TypedBody | 'too-large' | undefined;
  /** The bytes of one that was read before. */
  body(oid: string): Buffer;
  /** The names of all that were read. */
  names(): readonly string[];
  clear(): void;
}

const CACHE_BYTES = 16 * 1024 * 1024;

/** Reads and recognizes each of them once while it is in memory. */
export function createOutside(external: External, budget: PackBudget): Outside {
  const bodies = createByteCache<string>(CACHE_BYTES);
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
    body(oid: string): Buffer {
      const found = read(oid);
      if (found === undefined || found === 'too-large') throw new Error('a base of a delta is gone');
      return found.body;
    },
    names: () => [...types.keys()],
    clear: bodies.clear,
  };
}

/** Finds the type of an object by its name and bytes. Throws when they do not fit. */
export function typeOf(oid: string, body: Buffer): number {
  const type = TYPES.find((one) => objectDigest(one, body.length).update(body).digest('hex') === oid);
  if (type === undefined) throw new Error(`the object ${oid} is damaged`);
  return type;
}

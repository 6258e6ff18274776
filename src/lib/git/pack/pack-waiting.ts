/** Deltas that wait for their base, by its name or by its place in the pack. */
export interface Waiting {
  forName(oid: string, place: number): void;
  forPlace(base: number, place: number): void;
  /** Frees the deltas that wait for an entry that has got its name. */
  named(place: number, digest: Buffer): void;
  /** Drops the deltas on an entry that gets no name, and those on them. */
  drop(place: number): void;
  /** Takes a delta whose base is named by now. */
  next(): { readonly place: number; readonly base: number } | undefined;
  isEmpty(): boolean;
}

export function createWaiting(): Waiting {
  const byName = new Map<string, number[]>();
  const byPlace = new Map<number, number[]>();
  const ready: { readonly place: number; readonly base: number }[] = [];

  function push<Key>(map: Map<Key, number[]>, key: Key, place: number): void {
    const list = map.get(key);
    if (list) list.push(place);
    else map.set(key, [place]);
  }

  function free<Key>(map: Map<Key, number[]>, key: Key, base: number): void {
    for (const place of map.get(key) ?? []) ready.push({ place, base });
    map.delete(key);
  }

  return {
    forName: (oid, place) => push(byName, oid, place),
    forPlace: (base, place) => push(byPlace, base, place),
    named(place, digest) {
      if (byName.size > 0) free(byName, digest.toString('hex'), place);
      if (byPlace.size > 0) free(byPlace, place, place);
    },
    drop(place) {
      const left = [place];
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        left.push(...(byPlace.get(next) ?? []));
        byPlace.delete(next);
      }
    },
    next: () => ready.pop(),
    isEmpty: () => byName.size === 0 && byPlace.size === 0 && ready.length === 0,
  };
}

import { putBounded } from '../../async/index.ts';
import { type ConnectionSettings, keyBy } from '../../net/index.ts';

/** Confirms a state that was seen twice, some time apart. */
export interface Sightings {
  /** True if the same was seen there some time ago, and nothing else since. Undefined: nothing is seen now. */
  confirms(key: string, sight: string | undefined): boolean;
}

/** Longer than a forge takes to look at a pull request again, shorter than polls are apart. */
const APART_MS = 5_000;
const MAX_KNOWN = 2_000;

export function createSightings(now: () => Date): Sightings {
  const known = new Map<string, { readonly sight: string; readonly since: number }>();
  return {
    confirms(key, sight) {
      const before = known.get(key);
      if (sight !== undefined && before?.sight === sight) return now().getTime() - before.since >= APART_MS;
      if (sight === undefined) known.delete(key);
      else putBounded(known, key, { sight, since: now().getTime() }, MAX_KNOWN);
      return false;
    },
  };
}

/** The same sightings, kept apart for each proxy. */
export function sightingsBy(settings: ConnectionSettings, { confirms }: Sightings): Sightings {
  return { confirms: (key, sight) => confirms(keyBy(settings, key), sight) };
}

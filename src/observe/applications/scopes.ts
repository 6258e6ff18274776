import type { AppRef } from '../../api/pipeline.ts';
import { type Interests, type KindInterest, kindKey } from './interests.ts';
import type { ApplicationScope } from './scope.ts';

/** The collections that are watched for the interests that there are. */
export interface ApplicationScopes {
  /** The watch that has an application, if one has. */
  of(appRef: AppRef, namespace: string): ApplicationScope | undefined;
  /** Starts and stops watches to match the interests. */
  update(): void;
  stop(): Promise<void>;
}

/** Starts a watch; without a namespace, in all of them. */
type Start = (key: string, kind: KindInterest, namespace: string | undefined) => ApplicationScope;

/** With more namespaces of a kind, one watch over all namespaces takes less than one for each. */
const MAX_NAMESPACES = 20;
/** Up to this many namespaces, each has its own watch again: the number must not waver around one bound. */
const FEW_NAMESPACES = 10;
const ALL = '';

export function createApplicationScopes(interests: Interests, start: Start): ApplicationScopes {
  const scopes = new Map<string, Map<string, ApplicationScope>>();
  const ending = new Set<Promise<void>>();

  function end(open: Map<string, ApplicationScope>, place: string): void {
    const scope = open.get(place);
    if (!scope) return;
    open.delete(place);
    const ended = scope.stop().finally(() => ending.delete(ended));
    ending.add(ended);
  }

  function endUnwanted(key: string, open: Map<string, ApplicationScope>): void {
    const places = placesFor(interests.kinds().get(key), open);
    for (const place of [...open.keys()]) if (!places.has(place)) end(open, place);
    if (open.size === 0) scopes.delete(key);
  }

  function startMissing(key: string, kind: KindInterest): void {
    const open = scopes.get(key) ?? new Map<string, ApplicationScope>();
    for (const place of placesFor(kind, open)) {
      if (!open.has(place)) open.set(place, start(key, kind, place === ALL ? undefined : place));
    }
    scopes.set(key, open);
  }

  function update(): void {
    for (const [key, kind] of interests.kinds()) startMissing(key, kind);
    for (const [key, open] of scopes) endUnwanted(key, open);
  }

  return {
    of(appRef, namespace) {
      const open = scopes.get(kindKey(appRef));
      return open?.get(ALL) ?? open?.get(namespace);
    },
    update,
    async stop() {
      for (const open of scopes.values()) for (const place of [...open.keys()]) end(open, place);
      scopes.clear();
      await Promise.all(ending);
    },
  };
}

/** The namespaces to watch a kind in. */
function placesFor(
  kind: KindInterest | undefined,
  open: ReadonlyMap<string, ApplicationScope>,
): ReadonlySet<string> {
  if (!kind) return new Set();
  const bound = open.has(ALL) ? FEW_NAMESPACES : MAX_NAMESPACES;
  return new Set(kind.namespaces.size > bound ? [ALL] : kind.namespaces.keys());
}

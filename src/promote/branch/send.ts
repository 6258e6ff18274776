import {
  type Advertised,
  pushRefs,
  type RefUpdate,
  type RefusedRef,
  type Transport,
} from '../../lib/git/index.ts';
import { pushAdvice } from './push-advice.ts';
import { type Attempted, withoutStopped } from './stopped.ts';

/** Joins several updates of one branch into what is sent. */
export function joined(before: RefUpdate | undefined, next: RefUpdate): RefUpdate {
  if (!before) return next;
  return { ...next, old: before.old, objects: [...before.objects, ...next.objects] };
}

/** Asks the fences behind the wait for room, which may be long: nothing lies between their answer and the push. */
export async function sendBatch(
  transport: Transport,
  ready: { readonly prepared: readonly Attempted[]; readonly advertised: Advertised },
) {
  const isPushed = ready.prepared.some(({ made }) => made.kind === 'push');
  const giveBack = isPushed ? await transport.room?.() : undefined;
  try {
    const prepared = await withoutStopped(ready.prepared);
    const [sent] = await Promise.allSettled([send(transport, prepared, ready.advertised)]);
    return { prepared, sent };
  } finally {
    giveBack?.();
  }
}

async function send(
  transport: Transport,
  attempted: readonly Attempted[],
  advertised: Advertised,
): Promise<ReadonlyMap<string, RefusedRef>> {
  const refs = new Map<string, RefUpdate>();
  for (const { made } of attempted) {
    if (made.kind !== 'push') continue;
    const { refUpdate } = made;
    refs.set(refUpdate.ref, joined(refs.get(refUpdate.ref), refUpdate));
  }
  return refs.size === 0 ? new Map() : pushRefs(transport, [...refs.values()], advertised, pushAdvice);
}

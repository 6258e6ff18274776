import { type DrainPending, ownTurn, type Schedule } from '../../lib/async/index.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import {
  type Advertised,
  type Asker,
  type RefUpdate,
  type Repository,
  refOf,
  type Signers,
  type Transport,
  withObjects,
} from '../../lib/git/index.ts';
import { awaitDecisions, type BatchedUpdate } from './batched.ts';
import type { Failed, Prepared } from './prepared.ts';
import { expectsMore } from './room.ts';
import { joined } from './send.ts';
import { type RemoteState, remoteState } from './state.ts';
import { type Attempted, takenBranch } from './stopped.ts';
import { tenantOf } from './tenant.ts';
import { prepareUpdate } from './update.ts';

/** Makes the commits of one repository. */
export interface Making {
  readonly transport: Transport;
  readonly signerOf: Signers;
  readonly schedule: Schedule;
  /** The server takes no force push. */
  readonly onTop?: boolean | undefined;
}

/** One push, and what is known without it. */
export interface Ready {
  readonly repository: Repository;
  readonly advertised: Advertised;
  readonly prepared: readonly Attempted[];
}

/** Upper bound on how long a batch takes on what has come meanwhile: what came first is not to wait without end. */
const MAX_BATCH_WAIT_MS = 3_000;

/** A batch of two or more waits so long for others: less than a second push would take. */
const LINGER_MS = 200;

/**
 * Makes the commits of all that are there by then, and waits until it is decided which of them are pushed, as long as some
 * of these decisions come in. An update whose branch exists waits for a look of its own: what this one saw may be older
 * than what is known of its pull request.
 */
export async function makeReady(
  repository: Repository,
  making: Making,
  updates: readonly BatchedUpdate[],
  drainPending: DrainPending<BatchedUpdate>,
): Promise<Ready> {
  const { transport, schedule } = making;
  const end = performance.now() + MAX_BATCH_WAIT_MS;
  let state = await remoteState(repository, transport, updates);
  const prepared: Attempted[] = [];
  const wanted = new Set<BatchedUpdate>();
  const byRef = new Map<string, RefUpdate>();
  let undecided: readonly BatchedUpdate[] = [];
  for (let next = updates; ; ) {
    const made = await prepareAll(repository, making, { state, updates: next, byRef });
    prepared.push(...made);
    const asked = [...undecided, ...announce(made)];
    const decisions = await ownTurn(transport, awaitDecisions(asked, schedule));
    for (const update of decisions.wanted) wanted.add(update);
    undecided = decisions.undecided;
    if (performance.now() > end) break;
    next = drainPending(state.isNew);
    if (next.length + undecided.length === 0 && expectsMore(prepared.map(({ update }) => update))) {
      await ownTurn(transport, Bun.sleep(LINGER_MS));
      next = drainPending(state.isNew);
    }
    if (next.length > 0) state = await state.include(next);
    else if (undecided.length === 0 || undecided.length === asked.length) break;
  }
  const all = await withoutUnwanted(repository, making, { state, prepared, wanted });
  return { repository, advertised: state.advertised, prepared: all };
}

/** Lets the callers decide; an update that failed needs no decision. */
function announce(made: readonly Attempted[]): BatchedUpdate[] {
  const ready = made.flatMap((one) => (one.made.kind === 'failed' ? [] : [one.update]));
  for (const { onPrepared } of ready) onPrepared();
  return ready;
}

interface Decided {
  readonly state: RemoteState;
  readonly prepared: readonly Attempted[];
  readonly wanted: ReadonlySet<BatchedUpdate>;
}

/** Makes anew what shares a branch with an update that is not pushed: it may lie on its commit, or have given way to it. */
async function withoutUnwanted(
  repository: Repository,
  making: Making,
  { state, prepared, wanted }: Decided,
): Promise<Attempted[]> {
  const isKept = ({ update, made }: Attempted) => made.kind === 'failed' || wanted.has(update);
  const dropped = prepared.filter((one) => one.made.kind === 'push' && !isKept(one));
  const branches = new Set(dropped.map(({ update }) => update.branch));
  const isAnew = ({ update }: Attempted) => wanted.has(update) && branches.has(update.branch);
  const kept = prepared.filter((one) => isKept(one) && !isAnew(one));
  const updates = prepared.filter(isAnew).map(({ update }) => update);
  return [...kept, ...(await prepareAll(repository, making, { state, updates, byRef: new Map() }))];
}

interface Round {
  readonly state: RemoteState;
  readonly updates: readonly BatchedUpdate[];
  /** The push so far. */
  readonly byRef: Map<string, RefUpdate>;
}

/**
 * Puts commits to the base branch itself one on top of the other. An update that finds all of it in the one before is
 * tried alone: that one may never be pushed.
 */
async function prepareAll(
  repository: Repository,
  making: Making,
  { state, updates, byRef }: Round,
): Promise<Attempted[]> {
  const attempted: Attempted[] = [];
  for (const update of updates) {
    const before = byRef.get(refOf(update.branch));
    const made =
      before && !update.isDirect
        ? takenBranch(update)
        : await prepareOne(repository, making, { update, state, before });
    if (made.kind === 'push') byRef.set(made.refUpdate.ref, joined(before, made.refUpdate));
    attempted.push({ update, made: before && made.kind === 'in-base' ? takenBranch(update) : made });
  }
  return attempted;
}

interface One {
  readonly update: BatchedUpdate;
  readonly state: RemoteState;
  readonly before: RefUpdate | undefined;
}

/** Any error but a `TurnpikeError` means a damaged copy, and goes up. */
async function prepareOne(
  repository: Repository,
  { transport, signerOf, onTop }: Making,
  { update, state, before }: One,
): Promise<Prepared | Failed> {
  if (update.signal?.aborted) return { kind: 'failed', error: update.signal.reason };
  try {
    const packs = before ? withObjects(repository.packs, before.objects) : repository.packs;
    const base = before?.commit ?? tipOf(state, update.baseBranch);
    const asker: Asker = { signal: update.signal, waiting: transport.waiting, tenant: tenantOf(update) };
    const sign = update.signing && signerOf(update.signing, update.now, asker);
    const place = { update, advertised: state.advertised, base, sign, onTop };
    return await prepareUpdate({ ...repository, packs }, transport, place);
  } catch (error) {
    if (error instanceof TurnpikeError || update.signal?.aborted) return { kind: 'failed', error };
    throw error;
  }
}

function tipOf({ bases }: RemoteState, branch: string): string {
  const tip = bases.get(branch);
  if (tip?.status === 'fulfilled') return tip.value;
  throw tip?.reason ?? new Error(`nothing is known about the branch ${branch}`);
}

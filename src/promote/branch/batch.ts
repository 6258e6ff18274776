import { type Batch, type DrainPending, ownTurn } from '../../lib/async/index.ts';
import { hasCode, TurnpikeError } from '../../lib/errors.ts';
import {
  type Advertised,
  type Connected,
  copyKey,
  type RefUpdate,
  type Repository,
  type RepositoryStore,
  refOf,
  type Signers,
  type Transport,
  unusable,
  withObjects,
} from '../../lib/git/index.ts';
import { createAlone } from './alone.ts';
import {
  areUnanswered,
  type Outcome,
  resultOf,
  settledOf,
  type Tried,
  type Updated,
  unrecorded,
} from './outcome.ts';
import type { BranchUpdate } from './port.ts';
import type { Prepared, Refused } from './prepared.ts';
import { awaitRecords, type Failed, type Records } from './records.ts';
import { expectsMore } from './room.ts';
import { joined, sendTogether } from './send.ts';
import { type SharedTime, shareTime } from './shared-time.ts';
import { remember } from './standing.ts';
import { type RemoteState, remoteState } from './state.ts';
import { type Attempted, stoppedAt, takenBranch } from './stopped.ts';
import { tenantOf } from './tenant.ts';
import { prepareUpdate } from './update.ts';

/** What is needed to reach repositories, and where their copies are. */
export interface Access {
  readonly connected: Connected;
  readonly store: RepositoryStore;
  readonly signerOf: Signers;
}

/** The same with a connection to one of them. */
interface Reached extends Access {
  readonly copy: string;
  readonly transport: Transport;
  /** The server takes no force push. */
  readonly onTop?: boolean | undefined;
}

/** How often a push is tried when the branch has moved meanwhile. */
const MAX_ATTEMPTS = 3;

/** So long what has come meanwhile is taken along: what came first is not to wait without end. */
const MAX_BATCH_WAIT_MS = 3_000;

/** Where two have come more are expected: so long they are waited for, which is less than a second push would take. */
const LINGER_MS = 200;

/**
 * Brings several branches of one repository up to date with one fetch and one push, new ones that come before that
 * push included. What the server refuses in one batch, or does not answer, is tried alone: a rule about one branch
 * may make it refuse all. `unrecorded`: nothing was done for this one; it is to come again when it is recorded.
 */
export async function updateTogether(access: Access, batch: Batch<BranchUpdate, Updated>): Promise<void> {
  const { items, drainPending, settle } = batch;
  const time = shareTime(items);
  const join: DrainPending<BranchUpdate> = (mayJoin) => {
    // What nobody waits for any more ends here, and nobody else is to end with it.
    if (time.signal.aborted) return [];
    const late = drainPending(mayJoin);
    time.join(late);
    return late;
  };
  const tried = await reach(access, items, time, (reached) => attempt(reached, items, join));
  const alone = createAlone(settle);
  for (const { update, outcome } of tried) {
    if (outcome.kind === 'refused' && (tried.length > 1 || isWorthAnother(outcome))) {
      const before = tried.length > 1 && !outcome.mayGoOnTop ? undefined : outcome;
      alone.run(update, () => tryAlone(access, update, before).then(resultOf));
    } else settle(update, settledOf(outcome));
  }
  await alone.ended();
}

async function reach(
  access: Access,
  updates: readonly BranchUpdate[],
  time: SharedTime,
  work: (reached: Reached) => Promise<Tried[]>,
): Promise<Tried[]> {
  const [first] = updates;
  if (!first) throw new Error('there is nothing to update');
  const { url, credentials } = first;
  const connecting = { url, credentials, tenant: tenantOf(first), ...time };
  const reached = (transport: Transport) => work({ ...access, copy: copyKey(first), transport });
  try {
    return await access.connected(connecting, reached, areUnanswered);
  } finally {
    time.end();
  }
}

/** A rule says the same however often it is asked. */
function isWorthAnother({ error, mayGoOnTop }: Refused): boolean {
  if (mayGoOnTop) return true;
  return !hasCode(error, 'GitUnavailable') && !(error instanceof TurnpikeError && error.retry === 'never');
}

/**
 * With a connection of its own, which ends with this update. A refused push is tried anew only while the branch moves, for
 * someone else pushes to it then, and once in another form where the server takes no force push.
 */
async function tryAlone(access: Access, update: BranchUpdate, before?: Refused): Promise<Outcome> {
  const [tried] = await reach(access, [update], shareTime([update]), async (reached) => {
    let last = before;
    let onTop = before?.mayGoOnTop;
    for (let attempts = before ? 2 : 1; ; attempts += 1) {
      const tries = await attempt({ ...reached, onTop }, [update], nobody);
      const outcome = tries[0]?.outcome;
      if (outcome?.kind !== 'refused' || !isWorthAnother(outcome) || attempts >= MAX_ATTEMPTS) return tries;
      if (!outcome.mayGoOnTop && last?.old === outcome.old) return tries;
      last = outcome;
      onTop ||= outcome.mayGoOnTop;
    }
  });
  if (!tried) throw new Error('an update of a branch got lost');
  return tried.outcome;
}

const nobody: DrainPending<BranchUpdate> = () => [];

/**
 * The copy is held until the commits are made, and not for the push. Where it was damaged, and all begins anew with
 * another one, those that came late are there from the start. An error is every update's.
 */
async function attempt(
  reached: Reached,
  updates: readonly BranchUpdate[],
  drainPending: DrainPending<BranchUpdate>,
): Promise<Tried[]> {
  const { copy, transport, store } = reached;
  const all = [...updates];
  const join: DrainPending<BranchUpdate> = (mayJoin) => {
    const late = drainPending(mayJoin);
    all.push(...late);
    return late;
  };
  const ready = await store.use(
    copy,
    (repository) => makeReady(repository, reached, [...all], join),
    transport,
  );
  const { repository } = ready;
  const { prepared, sent } = await sendTogether(transport, ready);
  const stopped = sent.status === 'fulfilled' ? await stoppedAt('after-push', prepared) : new Map();
  const outcomeOf = ({ update, made }: Attempted): Outcome => {
    if (made.kind === 'failed' || made.kind === 'refused') return made;
    if (made.kind !== 'push') return { kind: 'done', result: made };
    const { kind: _, refUpdate, memory, ...edited } = made;
    if (sent.status === 'rejected') return unsent(sent.reason, transport, refUpdate);
    const refused = sent.value.get(refUpdate.ref);
    if (refused) return stopped.get(update) ?? { ...refused, kind: 'refused', old: refUpdate.old };
    if (!update.isDirect) remember(repository, update.branch, memory);
    const result = { kind: 'pushed', commit: refUpdate.commit, ...edited } as const;
    return stopped.get(update) ?? { kind: 'done', result };
  };
  const outcomes = new Map(prepared.map((one) => [one.update, outcomeOf(one)]));
  return all.map((update) => ({ update, outcome: outcomes.get(update) ?? unrecorded }));
}

/** What a server does not answer may be the fault of one alone, such as a hook that hangs for its branch. */
function unsent(reason: unknown, { remote, signal }: Transport, { old }: RefUpdate): Failed | Refused {
  const error = reason instanceof TurnpikeError ? reason : unusable(reason, remote);
  const isAnswered = error.code !== 'GitUnavailable' || signal.aborted;
  return isAnswered ? { kind: 'failed', error } : { kind: 'refused', error, old };
}

interface Ready {
  readonly repository: Repository;
  readonly advertised: Advertised;
  readonly prepared: readonly Attempted[];
}

/**
 * Makes the commits of all that are there by then. Whoever has a branch waits for a look of their own: what this
 * one saw may be older than what they know of their pull request. Of many that come at once the records take a
 * while: these are waited for as long as some of them get on.
 */
async function makeReady(
  repository: Repository,
  reached: Reached,
  updates: readonly BranchUpdate[],
  drainPending: DrainPending<BranchUpdate>,
): Promise<Ready> {
  const { transport } = reached;
  const end = performance.now() + MAX_BATCH_WAIT_MS;
  let state = await remoteState(repository, transport, updates);
  const prepared: Attempted[] = [];
  const byRef = new Map<string, RefUpdate>();
  for (let next = updates; next.length > 0; ) {
    const { settled, waiting } = await ownTurn(transport, awaitRecords(next));
    prepared.push(...(await prepareAll(repository, reached, { state, settled, byRef })));
    if (performance.now() > end) break;
    let late = drainPending(state.isNew);
    if (late.length + waiting.length === 0 && expectsMore(prepared.map(({ update }) => update))) {
      await ownTurn(transport, Bun.sleep(LINGER_MS));
      late = drainPending(state.isNew);
    }
    if (late.length > 0) state = await state.include(late);
    next = settled.length + late.length > 0 ? [...waiting, ...late] : [];
  }
  return { repository, advertised: state.advertised, prepared };
}

interface Round {
  readonly state: RemoteState;
  readonly settled: Records['settled'];
  /** What is to be pushed so far. */
  readonly byRef: Map<string, RefUpdate>;
}

/**
 * Commits to the base branch itself go one on top of the other. Whoever finds all in the one before looks again alone:
 * that one may never be pushed.
 */
async function prepareAll(
  repository: Repository,
  reached: Reached,
  { state, settled, byRef }: Round,
): Promise<Attempted[]> {
  const attempted: Attempted[] = [];
  for (const [update, unrecordable] of settled) {
    const before = byRef.get(refOf(update.branch));
    const made =
      unrecordable ??
      (before && !update.isDirect
        ? takenBranch(update)
        : await prepareOne(repository, reached, { update, state, before }));
    if (made.kind === 'push') byRef.set(made.refUpdate.ref, joined(before, made.refUpdate));
    attempted.push({ update, made: before && made.kind === 'in-base' ? takenBranch(update) : made });
  }
  return attempted;
}

/** What is no `TurnpikeError` means a damaged copy, and goes up. */
async function prepareOne(
  repository: Repository,
  { transport, signerOf, onTop }: Reached,
  { update, state, before }: { update: BranchUpdate; state: RemoteState; before: RefUpdate | undefined },
): Promise<Prepared | Failed> {
  try {
    update.signal?.throwIfAborted();
    await update.pass?.('fetched');
  } catch (error) {
    return { kind: 'failed', error };
  }
  try {
    const packs = before ? withObjects(repository.packs, before.objects) : repository.packs;
    const base = before?.commit ?? tipOf(state, update.baseBranch);
    const asker = {
      signal: update.signal,
      waiting: transport.waiting,
      tenant: tenantOf(update),
    };
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
  throw tip?.reason ?? new Error(`nothing was learnt of the branch ${branch}`);
}

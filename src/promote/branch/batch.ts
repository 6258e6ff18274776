import type { Batch, DrainPending, Schedule } from '../../lib/async/index.ts';
import { asTurnpikeError, hasCode, TurnpikeError } from '../../lib/errors.ts';
import {
  type Connected,
  copyKey,
  type RefUpdate,
  type RepositoryStore,
  type Signers,
  type Transport,
  unusable,
} from '../../lib/git/index.ts';
import { createAlone } from './alone.ts';
import type { BatchedUpdate } from './batched.ts';
import {
  areUnanswered,
  leftOut,
  type Outcome,
  resultOf,
  settledOf,
  type Tried,
  type Updated,
} from './outcome.ts';
import type { Failed, Refused } from './prepared.ts';
import { type Making, makeReady } from './ready.ts';
import { sendBatch } from './send.ts';
import { type SharedTime, shareTime } from './shared-time.ts';
import { remember } from './standing.ts';
import type { Attempted } from './stopped.ts';
import { tenantOf } from './tenant.ts';

/** Reaches repositories, and keeps their copies. */
export interface Access {
  readonly connected: Connected;
  readonly store: RepositoryStore;
  readonly signerOf: Signers;
  readonly schedule: Schedule;
}

/** The same with a connection to one of them. */
interface Reached extends Access, Making {
  readonly copy: string;
}

/** How often a push is tried when the branch has moved meanwhile. */
const MAX_ATTEMPTS = 3;

/**
 * Brings several branches of one repository up to date with one fetch and one push, new ones that come before that
 * push included. An update that the server refuses in a batch, or does not answer, is tried alone: a rule about one
 * branch may make it refuse all.
 */
export async function updateBatch(access: Access, batch: Batch<BatchedUpdate, Updated>): Promise<void> {
  const { items, drainPending, settle } = batch;
  const time = shareTime(items);
  const join: DrainPending<BatchedUpdate> = (mayJoin) => {
    // A batch that nobody waits for any more ends here: nobody else is to end with it.
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
  updates: readonly BatchedUpdate[],
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
async function tryAlone(access: Access, update: BatchedUpdate, before?: Refused): Promise<Outcome> {
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

const nobody: DrainPending<BatchedUpdate> = () => [];

/**
 * The copy is held until the commits are made, and not for the push. Where it was damaged, and all begins anew with
 * another one, those that joined it are there from the start. An error is every update's.
 */
async function attempt(
  reached: Reached,
  updates: readonly BatchedUpdate[],
  drainPending: DrainPending<BatchedUpdate>,
): Promise<Tried[]> {
  const { copy, transport, store } = reached;
  const all = [...updates];
  const join: DrainPending<BatchedUpdate> = (mayJoin) => {
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
  const { prepared, sent } = await sendBatch(transport, ready);
  const outcomeOf = ({ update, made }: Attempted): Outcome => {
    if (made.kind === 'failed' || made.kind === 'refused') return made;
    if (made.kind !== 'push') return { kind: 'done', result: made };
    const { kind: _, refUpdate, memory, ...edited } = made;
    if (sent.status === 'rejected') return unsent(sent.reason, transport, refUpdate);
    const refused = sent.value.get(refUpdate.ref);
    if (refused) return { ...refused, kind: 'refused', old: refUpdate.old };
    if (!update.isDirect) remember(repository, update.branch, memory);
    const result = { kind: 'pushed', commit: refUpdate.commit, ...edited } as const;
    return { kind: 'done', result };
  };
  const outcomes = new Map(prepared.map((one) => [one.update, outcomeOf(one)]));
  return all.map((update) => ({ update, outcome: outcomes.get(update) ?? leftOut }));
}

/** A push that a server does not answer may be the fault of one update alone, such as a hook that hangs for its branch. */
function unsent(reason: unknown, { remote, signal }: Transport, { old }: RefUpdate): Failed | Refused {
  const error = asTurnpikeError(reason, (cause) => unusable(cause, remote));
  const isAnswered = error.code !== 'GitUnavailable' || signal.aborted;
  return isAnswered ? { kind: 'failed', error } : { kind: 'refused', error, old };
}

import type { Checkpoint } from '../../api/checkpoint.ts';
import { TurnpikeError } from '../../api/errors.ts';
import { refOf } from '../refs.ts';
import type { BranchResult, BranchUpdate } from '../workspace.ts';
import type { Advertised } from './advertisement.ts';
import { unusable } from './failure.ts';
import { withObjects } from './packs.ts';
import type { Prepared, Refused } from './prepared.ts';
import { pushRefs, type RefUpdate } from './receive.ts';
import { awaitRecords, type Failed, type Records } from './records.ts';
import type { Repository } from './repository.ts';
import type { createSigners } from './sign.ts';
import { remember } from './standing.ts';
import { type RemoteState, remoteState } from './state.ts';
import type { RepositoryStore } from './store.ts';
import type { Latecomers } from './together.ts';
import type { Transport } from './transport.ts';
import { prepareUpdate } from './update.ts';

/** How to reach one repository, and where its copy is. */
export interface Access {
  readonly url: string;
  readonly transport: Transport;
  readonly store: RepositoryStore;
  readonly signerOf: ReturnType<typeof createSigners>;
}

/** Its promotion is not recorded yet. */
interface Unrecorded {
  readonly kind: 'unrecorded';
}

const unrecorded: Unrecorded = { kind: 'unrecorded' };

type Outcome = { readonly kind: 'done'; readonly result: BranchResult } | Failed | Refused | Unrecorded;

/** How often a push is tried when the branch has moved meanwhile. */
const MAX_ATTEMPTS = 3;

/** So long what has come meanwhile is taken along: what came first is not to wait without end. */
const COMPANY_MS = 3_000;

/** Where two have come more are expected: so long they are waited for, which is less than a second push would take. */
const MORE_MS = 200;

/**
 * Brings several branches of one repository up to date with one fetch and one push, new ones that come before that
 * push included. What the server refuses in this company is tried alone: a rule about one branch may make it
 * refuse all. `unrecorded`: nothing was done for this one; it is to come again when it is recorded.
 */
export async function updateTogether(
  access: Access,
  updates: readonly BranchUpdate[],
  latecomers: Latecomers<BranchUpdate>,
): Promise<PromiseSettledResult<BranchResult | Unrecorded>[]> {
  const tried = await attempt(access, updates, latecomers);
  const settled: PromiseSettledResult<BranchResult | Unrecorded>[] = [];
  for (const { update, outcome } of tried) {
    const result =
      outcome.kind === 'refused' ? tryAlone(access, update, tried.length > 1 ? undefined : outcome) : outcome;
    // What becomes of one is no matter of the others.
    settled.push(...(await Promise.allSettled([Promise.resolve(result).then(resultOf)])));
  }
  return settled;
}

async function resultOf(outcome: Outcome): Promise<BranchResult | Unrecorded> {
  if (outcome.kind === 'unrecorded') return outcome;
  if (outcome.kind === 'done') return outcome.result;
  throw outcome.error;
}

/** A refused push is tried anew only while the branch moves: someone else pushes to it then. */
async function tryAlone(access: Access, update: BranchUpdate, before?: Refused): Promise<Outcome> {
  let last = before;
  for (let attempts = before ? 2 : 1; ; attempts += 1) {
    const [tried] = await attempt(access, [update], nobody);
    if (!tried) throw new Error('an update of a branch got lost');
    const { outcome } = tried;
    if (outcome.kind !== 'refused' || attempts >= MAX_ATTEMPTS || last?.old === outcome.old) return outcome;
    last = outcome;
  }
}

function nobody(): readonly BranchUpdate[] {
  return [];
}

interface Tried {
  readonly update: BranchUpdate;
  readonly outcome: Outcome;
}

/**
 * The copy is held until the commits are made, and not for the push. Where it was damaged, and all begins anew with
 * another one, those that came late are there from the start. An error is every update's.
 */
async function attempt(
  access: Access,
  updates: readonly BranchUpdate[],
  latecomers: Latecomers<BranchUpdate>,
): Promise<Tried[]> {
  const { url, transport, store } = access;
  const all = [...updates];
  const join: Latecomers<BranchUpdate> = (mayJoin) => {
    const late = latecomers(mayJoin);
    all.push(...late);
    return late;
  };
  const ready = await store.use(url, (repository) => makeReady(repository, access, [...all], join));
  const { repository, advertised } = ready;
  const prepared = withoutGivenUp(ready.prepared);
  const pass = async (checkpoint: Checkpoint) => {
    for (const { update, made } of prepared) if (made.kind === 'push') await update.pass?.(checkpoint);
  };
  const [sent] = await Promise.allSettled([send(transport, prepared, { advertised, pass })]);
  const outcomeOf = ({ update, made }: Attempted): Outcome => {
    if (made.kind === 'failed' || made.kind === 'refused') return made;
    if (made.kind !== 'push') return { kind: 'done', result: made };
    if (sent.status === 'rejected') return { kind: 'failed', error: asGitError(sent.reason, transport) };
    const { kind: _, refUpdate, memory, ...edited } = made;
    const error = sent.value.get(refUpdate.ref);
    if (error) return { kind: 'refused', error, old: refUpdate.old };
    if (!update.isDirect) remember(repository, update.branch, memory);
    return { kind: 'done', result: { kind: 'pushed', commit: refUpdate.commit, ...edited } };
  };
  const outcomes = new Map(prepared.map((one) => [one.update, outcomeOf(one)]));
  return all.map((update) => ({ update, outcome: outcomes.get(update) ?? unrecorded }));
}

/** What was given up meanwhile is not pushed: something else may have been decided since. What lies on it comes alone. */
function withoutGivenUp(prepared: readonly Attempted[]): Attempted[] {
  const branches = new Set(prepared.filter(isGivenUp).map(({ update }) => update.branch));
  return prepared.map((one) => {
    const { update, made } = one;
    if (made.kind !== 'push' || !branches.has(update.branch)) return one;
    if (isGivenUp(one)) return { update, made: { kind: 'failed', error: update.signal?.reason } };
    return { update, made: takenBranch(update) };
  });
}

function isGivenUp({ update, made }: Attempted): boolean {
  return made.kind === 'push' && update.signal?.aborted === true;
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
  access: Access,
  updates: readonly BranchUpdate[],
  latecomers: Latecomers<BranchUpdate>,
): Promise<Ready> {
  const end = performance.now() + COMPANY_MS;
  let state = await remoteState(repository, access.transport, updates);
  const prepared: Attempted[] = [];
  const byRef = new Map<string, RefUpdate>();
  for (let next = updates; next.length > 0; ) {
    const { settled, waiting } = await awaitRecords(next);
    prepared.push(...(await prepareAll(repository, access, { state, settled, byRef })));
    if (performance.now() > end) break;
    let late = latecomers(state.isNew);
    if (late.length + waiting.length === 0 && prepared.length > 1) {
      await Bun.sleep(MORE_MS);
      late = latecomers(state.isNew);
    }
    if (late.length > 0) state = await state.include(late);
    next = settled.length + late.length > 0 ? [...waiting, ...late] : [];
  }
  return { repository, advertised: state.advertised, prepared };
}

function asGitError(error: unknown, { remote }: Transport): unknown {
  return error instanceof TurnpikeError ? error : unusable(error, remote);
}

interface Attempted {
  readonly update: BranchUpdate;
  readonly made: Prepared | Failed;
}

interface Round {
  readonly state: RemoteState;
  readonly settled: Records['settled'];
  /** What is to be pushed so far. */
  readonly byRef: Map<string, RefUpdate>;
}

/** Commits to the base branch itself go one on top of the other. */
async function prepareAll(
  repository: Repository,
  access: Access,
  { state, settled, byRef }: Round,
): Promise<Attempted[]> {
  const attempted: Attempted[] = [];
  for (const [update, unrecordable] of settled) {
    const before = byRef.get(refOf(update.branch));
    const made =
      unrecordable ??
      (before && !update.isDirect
        ? takenBranch(update)
        : await prepareOne(repository, access, { update, state, before }));
    if (made.kind === 'push') byRef.set(made.refUpdate.ref, joined(before, made.refUpdate));
    attempted.push({ update, made });
  }
  return attempted;
}

/** Two pipelines may give their branches one name: the second one looks at what the first one has pushed. */
function takenBranch({ branch }: BranchUpdate): Refused {
  const message = `Branch ${branch} is just being pushed for another pipeline.`;
  return { kind: 'refused', error: new TurnpikeError('GitRejected', message), old: undefined };
}

/** What is no `TurnpikeError` means a damaged copy, and goes up. */
async function prepareOne(
  repository: Repository,
  { transport, signerOf }: Access,
  { update, state, before }: { update: BranchUpdate; state: RemoteState; before: RefUpdate | undefined },
): Promise<Prepared | Failed> {
  try {
    update.signal?.throwIfAborted();
    await update.pass?.('fetched');
    const packs = before ? withObjects(repository.packs, before.objects) : repository.packs;
    const base = before?.commit ?? tipOf(state, update.baseBranch);
    const sign = update.signing && signerOf(update.signing, update.now);
    const place = { update, advertised: state.advertised, base, sign };
    return await prepareUpdate({ ...repository, packs }, transport, place);
  } catch (error) {
    if (error instanceof TurnpikeError) return { kind: 'failed', error };
    throw error;
  }
}

function tipOf({ bases }: RemoteState, branch: string): string {
  const tip = bases.get(branch);
  if (tip?.status === 'fulfilled') return tip.value;
  throw tip?.reason ?? new Error(`nothing was learnt of the branch ${branch}`);
}

function joined(before: RefUpdate | undefined, next: RefUpdate): RefUpdate {
  if (!before) return next;
  return { ...next, old: before.old, objects: [...before.objects, ...next.objects] };
}

async function send(
  transport: Transport,
  attempted: readonly Attempted[],
  {
    advertised,
    pass,
  }: { readonly advertised: Advertised; readonly pass: (checkpoint: Checkpoint) => Promise<void> },
): Promise<ReadonlyMap<string, TurnpikeError>> {
  const refs = new Map<string, RefUpdate>();
  for (const { made } of attempted) {
    if (made.kind !== 'push') continue;
    const { refUpdate } = made;
    refs.set(refUpdate.ref, joined(refs.get(refUpdate.ref), refUpdate));
  }
  if (refs.size === 0) return new Map();
  await pass('before-push');
  const refusals = await pushRefs(transport, [...refs.values()], advertised);
  await pass('after-push');
  return refusals;
}

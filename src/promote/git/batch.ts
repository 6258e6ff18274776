import type { Checkpoint } from '../../api/checkpoint.ts';
import { TurnpikeError } from '../../api/errors.ts';
import { refOf } from '../refs.ts';
import type { BranchResult, BranchUpdate } from '../workspace.ts';
import type { Advertised } from './advertisement.ts';
import { unusable } from './failure.ts';
import { withObjects } from './packs.ts';
import { pushRefs, type RefUpdate } from './receive.ts';
import type { Repository } from './repository.ts';
import type { createSigners } from './sign.ts';
import { type RemoteState, remoteState } from './state.ts';
import type { RepositoryStore } from './store.ts';
import type { Latecomers } from './together.ts';
import type { Transport } from './transport.ts';
import { type Prepared, prepareUpdate, rememberPushed } from './update.ts';

/** How to reach one repository, and where its copy is. */
export interface Access {
  readonly url: string;
  readonly transport: Transport;
  readonly store: RepositoryStore;
  readonly signerOf: ReturnType<typeof createSigners>;
}

interface Failed {
  readonly kind: 'failed';
  readonly error: unknown;
}

/** The server did not take the push; `old` is where the branch was. */
interface Refused {
  readonly kind: 'refused';
  readonly error: unknown;
  readonly old: string | undefined;
}

/** Its promotion is not recorded yet. */
interface Unrecorded {
  readonly kind: 'unrecorded';
}

type Outcome = { readonly kind: 'done'; readonly result: BranchResult } | Failed | Refused | Unrecorded;

/** How long those that are ready wait for the record of one that came with them. */
const RECORD_MS = 500;

/** How often a push is tried when the branch has moved meanwhile. */
const MAX_ATTEMPTS = 3;

/** So often what has come meanwhile is taken along: what came first is not to wait without end. */
const MAX_ROUNDS = 3;

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
    settled.push(...(await Promise.allSettled([resultOf(await result)])));
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
  const { repository, advertised, prepared } = ready;
  const pass = async (checkpoint: Checkpoint) => {
    for (const { update, made } of prepared) if (made.kind === 'push') await update.pass?.(checkpoint);
  };
  const [sent] = await Promise.allSettled([send(transport, prepared, { advertised, pass })]);
  const outcomeOf = ({ update, made }: Attempted): Outcome => {
    if (made.kind === 'failed' || made.kind === 'refused' || made.kind === 'unrecorded') return made;
    if (made.kind !== 'push') return { kind: 'done', result: made };
    if (sent.status === 'rejected') return { kind: 'failed', error: asGitError(sent.reason, transport) };
    const { refUpdate, content, changes, problems } = made;
    const error = sent.value.get(refUpdate.ref);
    if (error) return { kind: 'refused', error, old: refUpdate.old };
    if (!update.isDirect) rememberPushed(repository, update.branch, content);
    return { kind: 'done', result: { kind: 'pushed', commit: content.commit, changes, problems } };
  };
  return prepared.map((one) => ({ update: one.update, outcome: outcomeOf(one) }));
}

interface Ready {
  readonly repository: Repository;
  readonly advertised: Advertised;
  readonly prepared: readonly Attempted[];
}

/**
 * Makes the commits of all that are there by then. Whoever has a branch waits for a look of their own: what this
 * one saw may be older than what they know of their pull request.
 */
async function makeReady(
  repository: Repository,
  access: Access,
  updates: readonly BranchUpdate[],
  latecomers: Latecomers<BranchUpdate>,
): Promise<Ready> {
  let state = await remoteState(repository, access.transport, updates);
  const prepared: Attempted[] = [];
  const byRef = new Map<string, RefUpdate>();
  let next = updates;
  for (let round = 1; next.length > 0; round += 1) {
    const hindrances = await hindrancesOf(next);
    prepared.push(...(await prepareAll(repository, access, { state, hindrances, byRef })));
    next = round < MAX_ROUNDS ? latecomers(state.isNew) : [];
    if (next.length > 0) state = await state.include(next);
  }
  return { repository, advertised: state.advertised, prepared };
}

function asGitError(error: unknown, { remote }: Transport): unknown {
  return error instanceof TurnpikeError ? error : unusable(error, remote);
}

/** What keeps an update from being pushed; undefined: it is recorded. */
type Hindrance = Failed | Unrecorded | undefined;
type Hindrances = readonly (readonly [BranchUpdate, Hindrance])[];

/** Which of them may be pushed. Nobody waits long for the record of another one. */
async function hindrancesOf(updates: readonly BranchUpdate[]): Promise<Hindrances> {
  const late = Promise.withResolvers<Unrecorded>();
  const timer = setTimeout(() => late.resolve({ kind: 'unrecorded' }), RECORD_MS);
  try {
    return await Promise.all(
      updates.map(async (update) => [update, await hindranceOf(update, late.promise)] as const),
    );
  } finally {
    clearTimeout(timer);
  }
}

/** What keeps a promotion from being recorded is its own error, and no damage of the copy. */
async function hindranceOf({ recorded }: BranchUpdate, late: Promise<Unrecorded>): Promise<Hindrance> {
  try {
    return await Promise.race([recorded.then(() => undefined), late]);
  } catch (error) {
    return { kind: 'failed', error };
  }
}

interface Attempted {
  readonly update: BranchUpdate;
  readonly made: Prepared | Failed | Refused | Unrecorded;
}

interface Round {
  readonly state: RemoteState;
  readonly hindrances: Hindrances;
  /** What is to be pushed so far. */
  readonly byRef: Map<string, RefUpdate>;
}

/** Commits to the base branch itself go one on top of the other. */
async function prepareAll(
  repository: Repository,
  access: Access,
  { state, hindrances, byRef }: Round,
): Promise<Attempted[]> {
  const attempted: Attempted[] = [];
  for (const [update, hindrance] of hindrances) {
    const before = byRef.get(refOf(update.branch));
    const made =
      hindrance ??
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

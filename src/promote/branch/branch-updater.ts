import {
  createBatcher,
  createBreakers,
  createTurns,
  onTimer,
  type Schedule,
  untilAborted,
} from '../../lib/async/index.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import {
  copyKey,
  createConnections,
  createKeyLane,
  createRepositoryStore,
  createSigners,
} from '../../lib/git/index.ts';
import { branchProblem } from '../../lib/git/pure.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Outbound } from '../../lib/net/index.ts';
import { shapeProblem } from '../../lib/net/pure.ts';
import { updateBatch } from './batch.ts';
import type { BatchedUpdate } from './batched.ts';
import { selectionsOf } from './edit/selection.ts';
import { GIT_ADVICE, STORE_SETTINGS } from './git-advice.ts';
import { hasBranch, inspectBase } from './look.ts';
import type { Updated } from './outcome.ts';
import type { BranchResult, BranchUpdate, BranchUpdater } from './port.ts';
import { fitsOnePush } from './room.ts';
import { tenantOf } from './tenant.ts';

export interface BranchUpdaterDeps {
  readonly outbound: Outbound;
  /** Directory of the repositories between promotions; those of an earlier process are removed. */
  readonly directory: string;
  /** Bound of all repositories on disk, in bytes. */
  readonly maxBytes: number;
  /** Bound of one pack that is fetched, in bytes. */
  readonly maxPackBytes: number;
  readonly log: Logger;
  readonly now: () => Date;
  /** For the decisions that a batch waits for. Default: a timer. */
  readonly schedule?: Schedule;
}

export function createBranchUpdater({
  outbound,
  directory,
  log,
  now,
  schedule = onTimer,
  ...bounds
}: BranchUpdaterDeps): BranchUpdater {
  const turns = createTurns();
  const store = createRepositoryStore({ directory, settings: STORE_SETTINGS, log, turns, ...bounds });
  const lane = createKeyLane(turns);
  const signerOf = createSigners({ lane });
  const closing = new AbortController();

  const connected = createConnections({
    outbound,
    breakers: createBreakers(now),
    advice: GIT_ADVICE,
    closing: closing.signal,
    lane,
  });
  const access = { connected, store, signerOf, schedule };
  const batched = createBatcher<BatchedUpdate, Updated>((batch) => updateBatch(access, batch), fitsOnePush);

  function submit(update: BranchUpdate, phases: Phases): Promise<Updated> {
    return untilAborted(batched(batchKey(update), { ...update, ...phases }), update.signal);
  }

  async function updateBranch(update: BranchUpdate): Promise<BranchResult> {
    refuseBadUpdate(update);
    const result = await submit(update, AT_ONCE);
    if (result.kind === 'left-out') throw new Error('an update of a branch that is wanted was left out');
    return result;
  }

  return {
    async prepare(update) {
      refuseBadUpdate(update);
      const { promise: prepared, resolve: onPrepared } = Promise.withResolvers<void>();
      const { promise: isWanted, resolve: decide } = Promise.withResolvers<boolean>();
      const updated = submit(update, { onPrepared, isWanted });
      updated.catch(() => decide(false)); // Who waits for it gets the error; its batch waits for it no longer.
      await Promise.race([prepared, updated]);
      return {
        async push() {
          decide(true);
          const result = await updated;
          return result.kind === 'left-out' ? updateBranch(update) : result;
        },
        discard: () => decide(false),
      };
    },
    updateBranch,
    async hasBranch(look) {
      refuse(shapeProblem(look.url) ?? nameProblem(look.branch));
      const found = connected(look, (transport) => hasBranch(transport, look.branch));
      return untilAborted(found, look.signal);
    },
    async inspect(look) {
      refuse(shapeProblem(look.url) ?? nameProblem(look.baseBranch));
      selectionsOf(look.files ?? []);
      const inspected = connected({ ...look, tenant: tenantOf(look) }, (transport) =>
        store.use(copyKey(look), (repository) => inspectBase(repository, transport, look), transport),
      );
      return untilAborted(inspected, look.signal);
    },
    async close() {
      closing.abort(new TurnpikeError('GitUnavailable', 'Turnpike is stopping.'));
      await store.close();
    },
  };
}

type Phases = Pick<BatchedUpdate, 'onPrepared' | 'isWanted'>;

const AT_ONCE: Phases = { onPrepared() {}, isWanted: Promise.resolve(true) };

/** Updates with the same one may share a connection: the same repository with the same credentials. */
function batchKey({ url, credentials }: BranchUpdate): string {
  return JSON.stringify([url, Object.entries(credentials).toSorted()]);
}

function refuseBadUpdate(update: BranchUpdate): void {
  const { url, branch, baseBranch, files = [] } = update;
  refuse(shapeProblem(url) ?? nameProblem(branch) ?? nameProblem(baseBranch) ?? routeProblem(update));
  selectionsOf(files); // Throws for what cannot be read.
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new TurnpikeError('SpecInvalid', problem);
}

function nameProblem(branch: string): string | undefined {
  return branchProblem(branch) === undefined
    ? undefined
    : `Git allows no branch with the name ${JSON.stringify(branch)}.`;
}

function routeProblem({ branch, baseBranch, isDirect = false }: BranchUpdate): string | undefined {
  if ((branch === baseBranch) === isDirect) return undefined;
  if (isDirect) return `What is committed to ${baseBranch} itself cannot go to ${branch}.`;
  return `The base branch ${baseBranch} itself is never pushed.`;
}

import type { FileEdit } from '../../api/change.ts';
import {
  createBreakers,
  createTogether,
  createTurns,
  ownTurn,
  untilAborted,
  type Waiting,
} from '../../lib/async/index.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import {
  copyKey,
  createConnections,
  createKeyLane,
  createRepositoryStore,
  createSigners,
  type GitCredentials,
  type Person,
  type SigningKey,
} from '../../lib/git/index.ts';
import { isBranchName } from '../../lib/git/pure.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Outbound } from '../../lib/net/index.ts';
import { shapeProblem } from '../../lib/net/pure.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { updateTogether } from './batch.ts';
import { selectionsOf } from './edit/selection.ts';
import { hasBranch, inspectBase } from './look.ts';
import type { Updated } from './outcome.ts';
import { fitsOnePush } from './room.ts';

/** What the promotion branch shall be: the base branch's tip plus one commit that sets markers and fields. */
export interface BranchUpdate {
  readonly url: string;
  readonly baseBranch: string;
  readonly branch: string;
  /** The commit goes to the base branch itself, and `branch` is that one. */
  readonly isDirect?: boolean;
  /** No person decides about the commit before it is in the base branch. */
  readonly isUnattended?: boolean;
  /** How many branches the push that it goes with may bring, where the forge bounds that. */
  readonly branchesAtOnce?: number;
  /** Turnpike may merge it by a rebase, which leaves out merge commits, and brings what they replace. */
  readonly mayBeRebased?: boolean;
  /** `<namespace>:<name>:<environment>`. */
  readonly markerKey: string;
  /** What is set beside the markers. */
  readonly files?: readonly FileEdit[] | undefined;
  readonly revision: string;
  readonly message: string;
  /**
   * What we last pushed to the branch, as the record says: the commit of a result `pushed` and never one of `unchanged`,
   * which may be somebody else's, and the revision that it was pushed for.
   */
  readonly pushed?: { readonly commit?: string; readonly revision?: string };
  /** The Pipeline chose the branch's name, and no pull request from it is recorded: one that is there may be anybody's. */
  readonly mayBeTaken?: boolean;
  readonly author: Person;
  /** The author unless given. */
  readonly committer?: Person;
  readonly credentials: GitCredentials;
  /** What the commit is signed with. */
  readonly signing?: SigningKey;
  readonly now: Date;
  /** Nothing is pushed before it resolves, and nothing if it rejects. */
  readonly recorded: Promise<unknown>;
  /** Told of the bytes of a fetch as they come. */
  readonly received?: (bytes: number) => void;
  /** Waits for a turn of ours, which takes none of its time. */
  readonly waiting?: Waiting;
  /** When it is aborted nothing more is pushed of this update. */
  readonly signal?: AbortSignal;
  /** Called between two steps; when it throws, no further one is taken. */
  readonly pass?: (checkpoint: Checkpoint) => Promise<void>;
}

/** One scalar that was changed. */
export interface FileChange {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly from: string;
  readonly to: string;
}

/**
 * `problems` are markers and fields that were meant but cannot be used, each a sentence that says where. `blocked`:
 * nothing was pushed, `commit` is the branch's tip, and `reason` is a sentence for people.
 */
export type BranchResult =
  | {
      readonly kind: 'pushed' | 'unchanged';
      readonly commit: string;
      /** Commits of others are on the branch, and stay there. */
      readonly others?: true;
      /** What the base branch lacks of the revision. */
      readonly changes: readonly FileChange[];
      readonly problems: readonly string[];
      /** As in the status. */
      readonly byVersion?: readonly string[] | undefined;
    }
  | {
      readonly kind: 'blocked';
      readonly commit: string;
      readonly reason: string;
      readonly problems: readonly string[];
    }
  | {
      readonly kind: 'in-base';
      readonly problems: readonly string[];
      readonly byVersion?: readonly string[] | undefined;
    };

/** Asks for a branch. */
export type BranchLook = Pick<BranchUpdate, 'url' | 'branch' | 'credentials' | 'signal' | 'waiting'>;

/** Asks for what the base branch has. */
export type BaseLook = Pick<
  BranchUpdate,
  | 'url'
  | 'baseBranch'
  | 'markerKey'
  | 'files'
  | 'revision'
  | 'credentials'
  | 'signal'
  | 'received'
  | 'waiting'
>;

/**
 * `partly`: other places have the revision, such as where one was added since. `values`: some of those that stand
 * where it does not, each once.
 */
export type BaseState =
  | { readonly kind: 'in-base' }
  | { readonly kind: 'differs' | 'partly'; readonly values: readonly string[] };

/** All throw TurnpikeError. */
export interface Workspace {
  updateBranch(update: BranchUpdate): Promise<BranchResult>;
  /** Whether the repository has the branch; one request. */
  hasBranch(look: BranchLook): Promise<boolean>;
  /** Whether the base branch has the revision wherever a marker or `files` names a place for it. Pushes nothing. */
  inspect(look: BaseLook): Promise<BaseState>;
  close(): Promise<void>;
}

export interface WorkspaceDeps {
  readonly outbound: Outbound;
  /** Where repositories are kept between promotions; those of an earlier process are removed. */
  readonly directory: string;
  /** Bound of all repositories on disk, in bytes. */
  readonly maxBytes: number;
  /** Of one pack that is fetched. */
  readonly maxPackBytes: number;
  readonly log: Logger;
  readonly now: () => Date;
}

export function createWorkspace({ outbound, directory, log, now, ...bounds }: WorkspaceDeps): Workspace {
  const turns = createTurns();
  const store = createRepositoryStore({ directory, log, turns, ...bounds });
  const lane = createKeyLane(turns);
  const signerOf = createSigners({ lane });
  const closing = new AbortController();

  const connected = createConnections({
    outbound,
    breakers: createBreakers(now),
    closing: closing.signal,
    lane,
  });
  const access = { connected, store, signerOf };
  const together = createTogether<BranchUpdate, Updated>(
    (company) => updateTogether(access, company),
    fitsOnePush,
  );
  return {
    async updateBranch(update) {
      refuseBadUpdate(update);
      for (;;) {
        const result = await untilAborted(together(companyOf(update), update), update.signal);
        if (result.kind !== 'unrecorded') return result;
        await ownTurn(update, untilAborted(update.recorded, update.signal));
      }
    },
    async hasBranch(look) {
      refuse(shapeProblem(look.url) ?? nameProblem(look.branch));
      const found = connected(look, (transport) => hasBranch(transport, look.branch));
      return untilAborted(found, look.signal);
    },
    async inspect(look) {
      refuse(shapeProblem(look.url) ?? nameProblem(look.baseBranch));
      selectionsOf(look.files ?? []);
      const inspected = connected(look, (transport) =>
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

/** Updates with the same one may share a connection: the same repository with the same credentials. */
function companyOf({ url, credentials }: BranchUpdate): string {
  return JSON.stringify([url, Object.entries(credentials).toSorted()]);
}

function refuseBadUpdate(update: BranchUpdate): void {
  const { url, branch, baseBranch, files = [] } = update;
  refuse(shapeProblem(url) ?? nameProblem(branch) ?? nameProblem(baseBranch) ?? routeProblem(update));
  selectionsOf(files); // Throws for what cannot be read.
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new TurnpikeError('SpecInvalid', problem, { retry: 'never' });
}

function nameProblem(branch: string): string | undefined {
  return isBranchName(branch) ? undefined : `Git allows no branch with the name ${JSON.stringify(branch)}.`;
}

function routeProblem({ branch, baseBranch, isDirect = false }: BranchUpdate): string | undefined {
  if ((branch === baseBranch) === isDirect) return undefined;
  if (isDirect) return `What is committed to ${baseBranch} itself cannot go to ${branch}.`;
  return `The base branch ${baseBranch} itself is never pushed.`;
}

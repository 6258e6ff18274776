import type { Checkpoint } from '../api/checkpoint.ts';
import { hasCode, TurnpikeError } from '../api/errors.ts';
import { shapeProblem } from '../decide/hosts.ts';
import type { Logger } from '../telemetry/log.ts';
import { isBranchName } from './git/branch-name.ts';
import { unusable } from './git/failure.ts';
import { pushRef } from './git/receive.ts';
import { createSshTransport } from './git/ssh/transport.ts';
import { createRepositoryStore, type RepositoryStore } from './git/store.ts';
import { createHttpTransport, type Transport } from './git/transport.ts';
import { prepareUpdate, rememberPushed } from './git/update.ts';
import type { Outbound } from './outbound.ts';

/** Keys of the Secret that Git uses. Over HTTPS a token alone serves as password; over SSH that is `identity`'s. */
export interface GitCredentials {
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM of a private CA, trusted beside the public ones. */
  readonly caFile?: string;
  /** A private key, for Git over SSH. */
  readonly identity?: string;
  /** The host's keys, as OpenSSH has them. */
  readonly knownHosts?: string;
}

/** What the promotion branch shall be: the base branch's tip plus one commit that sets the markers. */
export interface BranchUpdate {
  readonly url: string;
  readonly baseBranch: string;
  readonly branch: string;
  /** `<namespace>:<name>:<environment>`. */
  readonly markerKey: string;
  readonly revision: string;
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly credentials: GitCredentials;
  readonly now: Date;
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

/** `problems` are markers that were meant but cannot be used, each a sentence with file and line. */
export type BranchResult =
  | {
      readonly kind: 'pushed' | 'unchanged';
      readonly commit: string;
      readonly changes: readonly FileChange[];
      readonly problems: readonly string[];
    }
  | { readonly kind: 'in-base'; readonly problems: readonly string[] };

export interface Workspace {
  updateBranch(update: BranchUpdate): Promise<BranchResult>;
  close(): Promise<void>;
}

export interface WorkspaceDeps {
  readonly outbound: Outbound;
  /** Where repositories are kept between promotions; those of an earlier process are removed. */
  readonly directory: string;
  /** Bound of all repositories on disk, in bytes. */
  readonly maxBytes: number;
  readonly log: Logger;
}

/** How often a push is tried when the branch has moved meanwhile. */
const MAX_ATTEMPTS = 3;

export function createWorkspace({ outbound, directory, maxBytes, log }: WorkspaceDeps): Workspace {
  const store = createRepositoryStore({ directory, maxBytes, log });
  const closing = new AbortController();
  return {
    async updateBranch(update) {
      refuseBadUpdate(update);
      const signal = AbortSignal.any(update.signal ? [closing.signal, update.signal] : [closing.signal]);
      const create = update.url.startsWith('ssh:') ? createSshTransport : createHttpTransport;
      const transport = create({ ...update, outbound, signal });
      try {
        return await pushUntilDone(store, transport, update);
      } catch (error) {
        throw error instanceof TurnpikeError ? error : unusable(error, transport.remote);
      } finally {
        transport.close();
      }
    },
    async close() {
      closing.abort(new TurnpikeError('GitUnavailable', 'Turnpike is stopping.'));
      await store.close();
    },
  };
}

function refuseBadUpdate({ url, branch, baseBranch }: BranchUpdate): void {
  const wrongName = [branch, baseBranch].find((name) => !isBranchName(name));
  const problem =
    shapeProblem(url) ??
    (wrongName === undefined
      ? undefined
      : `Git allows no branch with the name ${JSON.stringify(wrongName)}.`) ??
    (branch === baseBranch ? `The base branch ${baseBranch} itself is never pushed.` : undefined);
  if (problem !== undefined) throw new TurnpikeError('SpecInvalid', problem, { retry: 'never' });
}

/**
 * The copy is only held while the commit is made; pushes to one repository may overlap. A refused push is
 * tried anew only when the branch is no more where it was: someone else has pushed to it meanwhile.
 */
async function pushUntilDone(store: RepositoryStore, transport: Transport, update: BranchUpdate) {
  let refused: { readonly error: unknown; readonly old: string | undefined } | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const { repository, prepared } = await store.use(update.url, async (repository) => ({
      repository,
      prepared: await prepareUpdate(repository, transport, update),
    }));
    if (prepared.kind !== 'push') return prepared;
    const { refUpdate, advertised, content, changes, problems } = prepared;
    if (refused && refused.old === refUpdate.old) throw refused.error;
    await update.pass?.('before-push');
    try {
      await pushRef(transport, refUpdate, advertised);
      await update.pass?.('after-push');
      rememberPushed(repository, update.branch, content);
      return { kind: 'pushed' as const, commit: content.commit, changes, problems };
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !hasCode(error, 'GitRejected')) throw error;
      refused = { error, old: refUpdate.old };
    }
  }
}

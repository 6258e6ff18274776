import type { ForgeType } from '../../api/pipeline.ts';
import type { Outbound } from '../outbound.ts';
import { createAzure } from './azure.ts';
import { createBitbucket } from './bitbucket.ts';
import type { ForgeCallDeps } from './call.ts';
import type { Credentials } from './credentials.ts';
import { createGitea } from './gitea.ts';
import { createGitHub } from './github.ts';
import { createGitLab } from './gitlab.ts';
import type { ForgeMemory } from './memory.ts';
import { pollKey, withPolls } from './polls.ts';

/** A pull request, the same for every forge. */
export interface PullRequest {
  readonly number: number;
  /** Its page. */
  readonly url: string;
  readonly state: 'open' | 'merged' | 'closed';
  readonly title: string;
  readonly body: string;
  readonly base: string;
  readonly head: string;
}

export interface NewPullRequest {
  readonly head: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
}

/**
 * What the pull-request strategy needs of a forge: each function is one request, but for `find`, which may
 * turn pages. All throw TurnpikeError with the codes of `createForgeCall`.
 */
export interface Forge {
  /** Characters that a body may have at most, where that is fewer than we write. */
  readonly maxBody?: number;
  /** The user whose password a token is for Git, where that is not anyone. */
  readonly tokenUser?: string;
  /** Where Git finds the repository, where that is another address than its page. */
  readonly cloneUrl?: string;
  /** `exists`: there is an open one of the same branches. */
  create(input: NewPullRequest): Promise<PullRequest | 'exists'>;
  /** The open one of these branches. */
  find(head: string, base: string): Promise<PullRequest | undefined>;
  get(number: number): Promise<PullRequest | undefined>;
  update(number: number, change: PullRequestChange): Promise<PullRequest>;
}

/** `base` moves the pull request to another base branch. */
export interface PullRequestChange {
  readonly title: string;
  readonly body: string;
  readonly base?: string;
}

export interface ForgeDeps extends ForgeCallDeps, ForgeMemory {
  readonly outbound: Outbound;
}

/**
 * @throws TurnpikeError SpecInvalid for a URL that names no repository
 */
export function createForge(
  type: ForgeType,
  repositoryUrl: string,
  credentials: Credentials,
  deps: ForgeDeps,
): Forge {
  const create = (outbound: Outbound) => createOne(type, repositoryUrl, credentials, { ...deps, outbound });
  const key = pollKey(type, repositoryUrl, credentials);
  return withPolls(create, { key, polls: deps.polls, outbound: deps.outbound });
}

function createOne(type: ForgeType, repositoryUrl: string, credentials: Credentials, deps: ForgeDeps): Forge {
  switch (type) {
    case 'github':
      return createGitHub(repositoryUrl, credentials, deps);
    case 'gitea':
      return createGitea(repositoryUrl, credentials, deps);
    case 'gitlab':
      return createGitLab(repositoryUrl, credentials, deps);
    case 'bitbucket-server':
      return createBitbucket(repositoryUrl, credentials, deps);
    case 'azure-devops':
      return createAzure(repositoryUrl, credentials, deps);
    default:
      return type satisfies never;
  }
}

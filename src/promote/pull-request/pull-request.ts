import { type PipelineKey, type PullRequestRef, pipelineKey } from '../../api/pipeline.ts';
import type { PullRequestState } from '../../decide/promotion/next.ts';
import { type AttemptTime, forgeTime, gitTime } from '../../lib/async/index.ts';
import {
  type Credentials,
  createForge,
  createSharedLimits,
  type Forge,
  type ForgeRequest,
  forGit,
  type PullRequest,
  type Waits,
} from '../../lib/forges/index.ts';
import { kindOf } from '../../lib/forges/pure.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Outbound } from '../../lib/net/index.ts';
import type { BranchUpdater } from '../branch/port.ts';
import { mergedState, writtenOf } from '../result.ts';
import { withAppTokens } from './app-access.ts';
import { preparePullRequest } from './ensure-pull-request.ts';
import { typeOf } from './forge-type.ts';
import { findOpen, isOurs, mergedWhere } from './known-pull-request.ts';
import { markerKey, ownerName, type PipelineEnvironment, promotionBranch, saysClosing } from './names.ts';
import type { PullRequestPromoter, RepositorySettings, StateRequest } from './port.ts';
import { runTask } from './run-task.ts';

export interface PullRequestDeps {
  readonly branches: Pick<BranchUpdater, 'prepare' | 'updateBranch' | 'hasBranch' | 'inspect'>;
  readonly outbound: Outbound;
  readonly log: Logger;
  readonly now: () => Date;
  readonly onForgeRequest: (request: ForgeRequest) => void;
  readonly waits?: Waits;
  /** Another way to a forge than by its requests. */
  readonly createForge?: typeof createForge;
  /** Puts something around a forge through which a Pipeline's pull requests are changed. */
  readonly wrapForge?: (forge: Forge, pipeline: PipelineKey) => Forge;
}

export function createPullRequestPromoter(deps: PullRequestDeps): PullRequestPromoter {
  const { branches, createForge: create = createForge } = deps;
  const shared = { ...deps, ...createSharedLimits(deps.now, deps.waits) };
  const forgeOf = (settings: RepositorySettings, credentials: Credentials, time?: AttemptTime) =>
    create(typeOf(settings), settings.url, credentials, { ...shared, ...forgeTime(time) });
  const wrapped = (forge: Forge, { pipeline }: PipelineEnvironment) =>
    deps.wrapForge?.(forge, pipelineKey(pipeline.namespace, pipeline.name)) ?? forge;
  // No one waits for the answer to a poll.
  const backgroundForgeOf = (settings: RepositorySettings, credentials: Credentials, time?: AttemptTime) => {
    const background = { ...shared, priority: 'background' as const, ...forgeTime(time) };
    return create(typeOf(settings), settings.url, credentials, background);
  };

  const promoter: PullRequestPromoter<Credentials> = {
    prepare: (request, settings, credentials, time) => {
      const forge = wrapped(forgeOf(settings, credentials, time), request);
      const attempt = { request, settings, credentials, forge, now: deps.now() };
      return preparePullRequest(branches, { ...attempt, ...(time && { time }) });
    },

    async runTask(request, credentials, time) {
      const { task, pullRequest, settings } = request;
      const forge = wrapped(forgeOf(settings, credentials, time), request);
      const base = pullRequest.base ?? settings.baseBranch;
      const result = await runTask(forge, task, pullRequest, {
        owner: ownerName(request),
        head: pullRequest.branch ?? promotionBranch(request),
        base,
        meant: settings.baseBranch,
        now: deps.now(),
      });
      if (result.kind !== 'done' || result.found !== 'closed') return result;
      // A forge closes what has lost its base branch: nobody said no.
      const git = gitOf(forge, settings, credentials, time);
      return (await branches.hasBranch({ ...git, branch: base })) ? result : { kind: 'done' };
    },

    state(request, credentials, time) {
      const forge = backgroundForgeOf(request.settings, credentials, time);
      const git = gitOf(forge, request.settings, credentials, time);
      return stateAt(forge, request, (branch) => branches.hasBranch({ ...git, branch }));
    },

    find: (request, credentials, time) =>
      findOpen(forgeOf(request.settings, credentials, time), request, request.settings),

    async inBase(request, settings, credentials, time) {
      const git = gitOf(backgroundForgeOf(settings, credentials, time), settings, credentials, time);
      const { baseBranch, files } = settings;
      const revision = writtenOf(request);
      const base = { ...git, baseBranch, files, revision, markerKey: markerKey(request) };
      return mergedState(await branches.inspect(base), request);
    },
  };
  return withAppTokens(promoter, shared);
}

/** The way to the repository for Git. */
function gitOf(forge: Forge, settings: RepositorySettings, credentials: Credentials, time?: AttemptTime) {
  const url = forge.cloneUrl ?? settings.url;
  return { url, credentials: forGit(credentials, kindOf(typeOf(settings))), ...gitTime(time) };
}

async function stateAt(
  forge: Forge,
  request: StateRequest,
  hasBranch: (branch: string) => Promise<boolean>,
): Promise<PullRequestState> {
  const { pullRequest, settings, isClosed } = request;
  const found = await forge.get(pullRequest.number);
  const head = pullRequest.branch ?? promotionBranch(request);
  if (!found || !isOurs(found, pullRequest, { head, owner: ownerName(request) })) return 'missing';
  if (found.state !== 'closed' || isClosed) return stateOf(found, pullRequest, settings.baseBranch);
  // The process that closed it may have ended before that was recorded.
  if (saysClosing(found.body)) return 'lapsed';
  return (await hasBranch(pullRequest.base ?? settings.baseBranch)) ? 'closed' : 'lapsed';
}

/** A forge may show a pushed head a moment later; a head that is not known says nothing. */
function stateOf(
  { state, base, mergeable, headCommit }: PullRequest,
  known: PullRequestRef,
  meant: string,
): PullRequestState {
  if (state === 'merged') return mergedWhere({ base }, { base: known.base ?? base, meant });
  if (state === 'closed') return 'closed';
  const isMoved = headCommit !== undefined && known.commit !== undefined && headCommit !== known.commit;
  return mergeable ?? (isMoved ? 'moved' : 'open');
}

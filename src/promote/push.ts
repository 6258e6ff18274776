import { type PushStrategy, pipelineKey } from '../api/pipeline.ts';
import type { PullRequestState } from '../decide/promotion/next.ts';
import { type AttemptTime, gitTime } from '../lib/async/index.ts';
import { forGit } from '../lib/forges/index.ts';
import { forgeTypeOf } from '../lib/forges/pure.ts';
import type { GitCredentials, SigningKey } from '../lib/git/index.ts';
import type { Workspace } from './branch/port.ts';
import type { Pass } from './checkpoint.ts';
import { commitMessage } from './pull-request/body.ts';
import { atOnce } from './pull-request/forge-type.ts';
import { markerKey } from './pull-request/names.ts';
import { alreadyThere, commitBy, mergedState, sentences, unlessBlocked, writtenOf } from './result.ts';
import type { PromotionRequest, PromotionResult } from './strategy.ts';

/** The strategy `push`: one commit on the branch itself, for those who need no pull request. */
export interface PushPromoter {
  /** @throws TurnpikeError the codes of the workspace */
  promote(
    request: PromotionRequest,
    settings: PushStrategy,
    credentials: GitCredentials & { readonly signing?: SigningKey },
    time?: AttemptTime,
  ): Promise<PromotionResult>;
  /** Whether what was pushed is in the branch still: `merged` or `reverted`. */
  inBase(
    request: PromotionRequest,
    settings: PushStrategy,
    credentials: GitCredentials,
    time?: AttemptTime,
  ): Promise<PullRequestState>;
}

export interface PushDeps {
  readonly workspace: Pick<Workspace, 'updateBranch' | 'inspect'>;
  readonly now: () => Date;
  readonly pass?: Pass;
}

/** The strategy has no type: a forge is known by its URL alone. */
function at(url: string, credentials: GitCredentials): GitCredentials {
  return forGit(credentials, { takesBearer: forgeTypeOf({ url }) === 'bitbucket-server' });
}

export function createPushPromoter({ workspace, now, pass }: PushDeps): PushPromoter {
  const inBase: PushPromoter['inBase'] = async (request, { url, branch, files }, credentials, time) => {
    const revision = writtenOf(request);
    const place = { url, baseBranch: branch, files, markerKey: markerKey(request) };
    const look = { ...place, revision, credentials: at(url, credentials), ...gitTime(time) };
    return mergedState(await workspace.inspect(look), request);
  };

  return {
    async promote(request, settings, credentials, time) {
      const { url, branch, templates, commit } = settings;
      if (request.wasMerged && (await inBase(request, settings, credentials, time)) === 'reverted') {
        return { kind: 'reverted' };
      }
      const key = pipelineKey(request.pipeline.namespace, request.pipeline.name);
      const updated = await workspace.updateBranch({
        url,
        baseBranch: branch,
        branch,
        isDirect: true,
        ...atOnce(forgeTypeOf({ url })),
        isUnattended: request.approvedBy === undefined,
        markerKey: markerKey(request),
        files: settings.files,
        revision: writtenOf(request),
        message: commitMessage(request, templates),
        ...commitBy(commit, credentials),
        credentials: at(url, credentials),
        now: now(),
        recorded: request.recorded,
        pass: async (checkpoint) => pass?.(checkpoint, key),
        ...gitTime(time),
      });
      const pushed = unlessBlocked(updated);
      if (pushed.kind === 'in-base') return alreadyThere(request, { url, branch }, pushed);
      const said = `Commit ${pushed.commit.slice(0, 12)} on ${branch} has it.`;
      const message = sentences([said, ...pushed.problems]);
      const { commit: made, byVersion } = pushed;
      const into = { url, branch };
      return { kind: 'pushed', commit: made, message, into, ...(byVersion && { byVersion }) };
    },
    inBase,
  };
}

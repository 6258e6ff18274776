import type { MergedInto, PushStrategy } from '../api/pipeline.ts';
import type { PullRequestState } from '../decide/promotion/next.ts';
import { type AttemptTime, gitTime } from '../lib/async/index.ts';
import { forGit } from '../lib/forges/index.ts';
import { forgeTypeOf, kindOf } from '../lib/forges/pure.ts';
import type { GitCredentials, SigningKey } from '../lib/git/index.ts';
import type { BranchResult, BranchUpdater } from './branch/port.ts';
import { atOnce } from './pull-request/forge-type.ts';
import { markerKey } from './pull-request/names.ts';
import { commitMessage } from './pull-request/texts.ts';
import { alreadyThere, commitBy, mergedState, sentences, unlessBlocked, writtenOf } from './result.ts';
import {
  concluded,
  type PreparedPromotion,
  type PromotionRequest,
  type PromotionResult,
} from './strategy.ts';

/** The strategy `push`: one commit on the branch itself, for those who need no pull request. */
export interface PushPromoter {
  /** @throws TurnpikeError the codes of the branch updater */
  prepare(
    request: PromotionRequest,
    settings: PushStrategy,
    credentials: GitCredentials & { readonly signing?: SigningKey },
    time?: AttemptTime,
  ): Promise<PreparedPromotion>;
  /** Tells whether the branch still has what was pushed: `merged` or `reverted`. */
  inBase(
    request: PromotionRequest,
    settings: PushStrategy,
    credentials: GitCredentials,
    time?: AttemptTime,
  ): Promise<PullRequestState>;
}

export interface PushDeps {
  readonly branches: Pick<BranchUpdater, 'prepare' | 'inspect'>;
  readonly now: () => Date;
}

/** The strategy has no type: a forge is known by its URL alone. */
function at(url: string, credentials: GitCredentials): GitCredentials {
  const type = forgeTypeOf({ url });
  return forGit(credentials, type ? kindOf(type) : {});
}

export function createPushPromoter({ branches, now }: PushDeps): PushPromoter {
  const inBase: PushPromoter['inBase'] = async (request, { url, branch, files }, credentials, time) => {
    const revision = writtenOf(request);
    const place = { url, baseBranch: branch, files, markerKey: markerKey(request) };
    const look = { ...place, revision, credentials: at(url, credentials), ...gitTime(time) };
    return mergedState(await branches.inspect(look), request);
  };

  return {
    async prepare(request, settings, credentials, time) {
      const { url, branch, templates, commit } = settings;
      if (request.wasMerged && (await inBase(request, settings, credentials, time)) === 'reverted') {
        return concluded({ kind: 'reverted' });
      }
      const prepared = await branches.prepare({
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
        ...gitTime(time),
      });
      return {
        carryOut: async () => pushedTo({ url, branch }, request, await prepared.push()),
        discard: prepared.discard,
      };
    },
    inBase,
  };
}

function pushedTo(into: MergedInto, request: PromotionRequest, result: BranchResult): PromotionResult {
  const pushed = unlessBlocked(result);
  if (pushed.kind === 'in-base') return alreadyThere(request, into, pushed);
  const { commit, byVersion, problems } = pushed;
  const message = sentences([`Commit ${commit.slice(0, 12)} on ${into.branch} has it.`, ...problems]);
  return { kind: 'pushed', commit, message, into, ...(byVersion && { byVersion }) };
}

import type { Checkpoint, Pass } from '../api/checkpoint.ts';
import { type PullRequestRef, type PullRequestStrategy, pipelineKey } from '../api/pipeline.ts';
import type { Care, CareResult } from '../decide/care.ts';
import type { Logger } from '../telemetry/log.ts';
import { withAppTokens } from './app-access.ts';
import { commitMessage } from './body.ts';
import type { ForgeRequest } from './forges/call.ts';
import { type Credentials, forGit, type SecretCredentials } from './forges/credentials.ts';
import { createForge, type Forge } from './forges/forge.ts';
import { createForgeMemory } from './forges/memory.ts';
import type { Waits } from './forges/pace.ts';
import { tend } from './forges/tend.ts';
import { typeOf } from './forges/type.ts';
import { markerKey, promotionBranch } from './names.ts';
import type { Outbound } from './outbound.ts';
import { bringUp, createOne, isTurnedAway, openOne, proposalOf } from './proposal.ts';
import { alreadyThere, commitBy, sentences, unlessBlocked } from './result.ts';
import type { PromotionRequest, PromotionResult, PullRequestState } from './strategy.ts';
import type { BranchUpdate, Workspace } from './workspace.ts';

export { credentialsFrom, gitCredentialsFrom, type SecretCredentials } from './forges/credentials.ts';

/** All throw TurnpikeError: the codes of the workspace, of `createForgeCall`, SpecInvalid and SecretInvalid. */
export interface PullRequestPromoter<Access = SecretCredentials> {
  /** Brings the branch and its one open pull request to the request's revision. */
  promote(
    request: PromotionRequest,
    settings: PullRequestStrategy,
    credentials: Access,
    signal?: AbortSignal,
  ): Promise<PromotionResult>;
  /** What a pull request needs that is open; doing it twice is doing it once. */
  tend(
    care: Care,
    pullRequest: PullRequestRef,
    settings: PullRequestStrategy,
    credentials: Access,
    signal?: AbortSignal,
  ): Promise<CareResult>;
  /** One request to the forge. `missing`: not there any more, or the number is another repository's. */
  state(
    pullRequest: PullRequestRef,
    settings: PullRequestStrategy,
    credentials: Access,
  ): Promise<PullRequestState>;
}

export interface PullRequestDeps {
  readonly workspace: Pick<Workspace, 'updateBranch'>;
  readonly outbound: Outbound;
  readonly log: Logger;
  readonly now: () => Date;
  readonly onForgeRequest: (request: ForgeRequest) => void;
  readonly pass?: Pass;
  readonly waits?: Waits;
}

export function createPullRequestPromoter(deps: PullRequestDeps): PullRequestPromoter {
  const shared = { ...deps, ...createForgeMemory(deps.now, deps.waits) };
  const forgeOf = (settings: PullRequestStrategy, credentials: Credentials, signal?: AbortSignal) =>
    createForge(typeOf(settings), settings.url, credentials, { ...shared, ...(signal && { signal }) });
  // Nobody waits for what a poll says.
  const patientForgeOf = (settings: PullRequestStrategy, credentials: Credentials) =>
    createForge(typeOf(settings), settings.url, credentials, { ...shared, patient: true });

  /** Why a pull request that is open no more is followed by no other one: a push may take its time. */
  async function endOf(
    forge: Forge,
    request: PromotionRequest,
    update: BranchUpdate,
  ): Promise<PromotionResult | undefined> {
    // It may have been merged with what was just pushed: another one would bring the same once more.
    const now = await deps.workspace.updateBranch(update);
    if (now.kind === 'in-base') return alreadyThere(request, update.baseBranch, now.problems);
    // Or a person has closed it since it was asked for.
    return (await isTurnedAway(forge, request, update.branch)) ? { kind: 'closed' } : undefined;
  }

  const promoter: PullRequestPromoter<Credentials> = {
    async promote(request, settings, credentials, signal) {
      // First, so that a wrong URL or type is found before anything is pushed.
      const plain = forgeOf(settings, credentials, signal);
      const key = pipelineKey(request.pipeline.namespace, request.pipeline.name);
      const pass = async (checkpoint: Checkpoint) => deps.pass?.(checkpoint, key);
      const forge = withCheckpoints(plain, pass);
      const head = promotionBranch(request);
      const update: BranchUpdate = {
        url: plain.cloneUrl ?? settings.url,
        baseBranch: settings.baseBranch,
        branch: head,
        markerKey: markerKey(request),
        files: settings.files,
        revision: request.revision,
        message: commitMessage(request, settings.templates),
        ...commitBy(settings.commit, credentials),
        credentials: forGit(credentials, plain),
        now: deps.now(),
        recorded: request.recorded,
        pass,
        ...(signal && { signal }),
      };
      if (await isTurnedAway(forge, request, head)) return { kind: 'closed' };
      const branch = unlessBlocked(await deps.workspace.updateBranch(update));
      if (branch.kind === 'in-base') return alreadyThere(request, update.baseBranch, branch.problems);
      const wanted = proposalOf(request, settings, plain, branch);
      const known = await openOne(forge, request.pullRequest, wanted);
      const ended = known || !request.pullRequest ? undefined : await endOf(forge, request, update);
      if (ended) return ended;
      const pull = known
        ? await bringUp(forge, request, known, wanted)
        : await createOne(forge, request, wanted);
      const { labels = [], assignees = [], reviewers = [] } = settings;
      const refused = await forge.decorate(pull, { labels, assignees, reviewers });
      const problems = [...branch.problems, ...refused];
      return {
        kind: 'pull-request',
        pullRequest: { url: pull.url, number: pull.number, commit: branch.commit },
        ...(problems.length > 0 && { message: sentences(problems) }),
      };
    },

    tend: (care, pullRequest, settings, credentials, signal) =>
      tend(forgeOf(settings, credentials, signal), care, pullRequest, {
        base: settings.baseBranch,
        now: deps.now(),
      }),

    async state(pullRequest, settings, credentials) {
      const found = await patientForgeOf(settings, credentials).get(pullRequest.number);
      return found && found.url === pullRequest.url ? found.state : 'missing';
    },
  };
  return withAppTokens(promoter, shared);
}

function withCheckpoints(forge: Forge, pass: (checkpoint: Checkpoint) => Promise<void>): Forge {
  return {
    ...forge,
    async create(input) {
      await pass('before-create');
      const created = await forge.create(input);
      await pass('after-create');
      return created;
    },
    async update(number, change) {
      await pass('before-update');
      const updated = await forge.update(number, change);
      await pass('after-update');
      return updated;
    },
  };
}

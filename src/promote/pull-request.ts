import type { Checkpoint, Pass } from '../api/checkpoint.ts';
import { TurnpikeError } from '../api/errors.ts';
import { type PullRequestRef, type PullRequestStrategy, pipelineKey } from '../api/pipeline.ts';
import type { Care, CareResult } from '../decide/care.ts';
import type { Logger } from '../telemetry/log.ts';
import { withAppTokens } from './app-access.ts';
import { commitMessage, promotionBody, promotionTitle } from './body.ts';
import type { ForgeRequest } from './forges/call.ts';
import { type Credentials, forGit, type SecretCredentials } from './forges/credentials.ts';
import { createForge, type Forge, type NewPullRequest, type PullRequest } from './forges/forge.ts';
import { createForgeMemory } from './forges/memory.ts';
import type { Waits } from './forges/pace.ts';
import { tend } from './forges/tend.ts';
import { typeOf } from './forges/type.ts';
import { markerKey, ownerName, ownerOf, promotionBranch } from './names.ts';
import type { Outbound } from './outbound.ts';
import { alreadyThere, commitBy, sentences } from './result.ts';
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
        pass,
        ...(signal && { signal }),
      };
      if (await isTurnedAway(forge, request, head)) return { kind: 'closed' };
      const branch = await deps.workspace.updateBranch(update);
      if (branch.kind === 'in-base') return alreadyThere(request, update.baseBranch, branch.problems);
      const wanted: NewPullRequest = {
        head,
        base: settings.baseBranch,
        title: promotionTitle(request, settings.templates),
        ...(settings.draft && { draft: true }),
        body: promotionBody(request, branch.changes, branch.problems, {
          templates: settings.templates,
          compareUrl: plain.compareUrl(settings.baseBranch, head),
          maxLength: plain.maxBody,
        }),
      };
      const known = await openOne(forge, request.pullRequest, wanted);
      if (!known && request.pullRequest) {
        // It may have been merged with what was just pushed: another one would bring the same once more.
        const now = await deps.workspace.updateBranch(update);
        if (now.kind === 'in-base') return alreadyThere(request, update.baseBranch, now.problems);
      }
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
      tend(forgeOf(settings, credentials, signal), care, pullRequest),

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

/** A new pull request of the branch, else the one that is in the way. */
async function createOne(
  forge: Forge,
  request: PromotionRequest,
  wanted: NewPullRequest,
): Promise<PullRequest> {
  const created = await forge.create(wanted);
  if (created !== 'exists') return created;
  const found = await forge.find(wanted.head, wanted.base);
  if (found) return bringUp(forge, request, found, wanted);
  const sentence = `The forge says that ${wanted.head} has a pull request to ${wanted.base} already, and shows none that is open: it is tried again.`;
  throw new TurnpikeError('ForgeUnavailable', sentence, { retry: 'backoff' });
}

/** Whether a person has closed the one that was opened for this very revision: what has a commit is. */
async function isTurnedAway(forge: Forge, { pullRequest }: PromotionRequest, head: string): Promise<boolean> {
  if (pullRequest?.commit === undefined) return false;
  const found = await forge.get(pullRequest.number);
  return found?.state === 'closed' && found.url === pullRequest.url && found.head === head;
}

/** The known pull request while it is still open, and of this repository and branch. */
async function openOne(
  forge: Forge,
  known: PullRequestRef | undefined,
  wanted: NewPullRequest,
): Promise<PullRequest | undefined> {
  const found = known && (await forge.get(known.number));
  return found?.state === 'open' && found.url === known?.url && found.head === wanted.head
    ? found
    : undefined;
}

async function bringUp(
  forge: Forge,
  request: PromotionRequest,
  pull: PullRequest,
  wanted: NewPullRequest,
): Promise<PullRequest> {
  const owner = ownerOf(pull.body);
  if (owner !== undefined && owner !== ownerName(request)) {
    const sentence = `The branch ${wanted.head} has an open pull request of another pipeline, ${owner}: ${pull.url}. Both pipelines give their branches the same name; rename one of them, its namespace or its environment.`;
    throw new TurnpikeError('ForgeRefused', sentence, { retry: 'never' });
  }
  const { title, body, base } = wanted;
  if (pull.title === title && sameText(pull.body, body) && pull.base === base) return pull;
  const updated = await forge.update(pull.number, { title, body, ...(pull.base !== base && { base }) });
  if (updated.state === 'open') return updated;
  const sentence = `${pull.url} was ${updated.state} while it was being updated: a new pull request is opened next.`;
  throw new TurnpikeError('ForgeUnavailable', sentence, { retry: 'backoff' });
}

/** Forges may store line ends and the text's end in their own way. */
function sameText(left: string, right: string): boolean {
  const plain = (text: string) => text.replaceAll('\r\n', '\n').trim();
  return plain(left) === plain(right);
}

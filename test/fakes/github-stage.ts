import { afterEach, beforeEach } from 'bun:test';
import type { PullRequestRef, PullRequestStrategy } from '../../src/api/pipeline.ts';
import { TurnpikeError } from '../../src/lib/errors.ts';
import type { BranchResult } from '../../src/promote/branch/port.ts';
import type { PullRequestPromoter } from '../../src/promote/pull-request/port.ts';
import {
  createPullRequestPromoter,
  type PullRequestDeps,
} from '../../src/promote/pull-request/pull-request.ts';
import type { PromotionRequest, PromotionResult } from '../../src/promote/strategy.ts';
import { type FakeBranches, fakeBranches } from './branches.ts';
import { noWaits } from './forge-deps.ts';
import { FAKE_TOKEN, type FakeGitHub, startFakeGitHub } from './github.ts';
import { createFakeLog } from './log.ts';
import { loopbackOutbound } from './outbound.ts';
import { carriedOut, promotionRequest } from './promotion.ts';

export const BRANCH = 'promotion-team-app-staging';
export const CREDENTIALS = { token: FAKE_TOKEN };
const ROOT = '/api/v3/repos/acme/fleet/pulls';
export const CREATE = `POST ${ROOT}`;
export const FIND = `GET ${ROOT}?head=acme%3A${BRANCH}&base=main&state=open&per_page=30`;
export const GET = `GET ${ROOT}/1`;
export const UPDATE = `PATCH ${ROOT}/1`;
/** An update of a branch, which is not a request to the forge. */
export const PUSH = 'push';

/** The stage of a test that promotes on a stand-in of GitHub, with nothing in Git. */
export interface GitHubStage {
  readonly github: FakeGitHub;
  readonly branches: FakeBranches;
  /** The result of the next updates of a branch. */
  result: BranchResult;
  /** Done while a branch is being updated. */
  meanwhile: () => void;
  settings(change?: Partial<PullRequestStrategy>): PullRequestStrategy;
  deps(): PullRequestDeps;
  promoter(change?: Partial<PullRequestDeps>): PullRequestPromoter;
  promote(change?: Partial<PromotionRequest>, strategy?: PullRequestStrategy): Promise<PromotionResult>;
  /** Pull request #1 as it is recorded for 1.3.0. */
  first(change?: Partial<PullRequestRef>): PullRequestRef;
  /** The requests, and the updates of branches, since the last call. */
  requests(): string[];
}

/** Sets the stage for each test of a file. Its members are there while a test runs. */
export function githubStage(): GitHubStage {
  const changes = [{ file: 'apps/staging/app.yaml', line: 3, from: '1.2.0', to: '1.3.0' }];
  const settings: GitHubStage['settings'] = (change) => {
    const url = `${stage.github.origin}/acme/fleet.git`;
    return { type: 'github', url, baseBranch: 'main', secretRef: { name: 'git' }, ...change };
  };
  const deps = (): PullRequestDeps => ({
    branches: stage.branches,
    outbound: loopbackOutbound(),
    log: createFakeLog().log,
    now: () => new Date('2026-11-21T12:00:00Z'),
    onForgeRequest: () => {},
    waits: noWaits(),
  });
  let promoter: PullRequestPromoter;
  const stage = {
    settings,
    deps,
    promoter: (change) => (change ? createPullRequestPromoter({ ...deps(), ...change }) : promoter),
    promote: (change, strategy = settings()) =>
      carriedOut(promoter.prepare(promotionRequest(change), strategy, CREDENTIALS)),
    first(change) {
      const { url, type } = settings();
      return {
        url: `${stage.github.origin}/acme/fleet/pull/1`,
        number: 1,
        revision: '1.3.0',
        repository: { url, ...(type && { type }), secret: 'git' },
        branch: BRANCH,
        base: 'main',
        commit: 'c0ffee',
        ...change,
      };
    },
    requests: () => stage.github.requests.splice(0),
  } as GitHubStage & { github: FakeGitHub; branches: FakeBranches };

  beforeEach(() => {
    stage.github = startFakeGitHub();
    stage.result = { kind: 'pushed', commit: 'c0ffee', changes, problems: [] };
    stage.meanwhile = () => {};
    stage.branches = fakeBranches(({ branch, baseBranch }) => {
      stage.github.requests.push(PUSH);
      if (stage.branches.gone.has(baseBranch)) {
        throw new TurnpikeError('GitBranchNotFound', `There is no branch ${baseBranch}.`, { retry: 'never' });
      }
      if (stage.result.kind !== 'in-base') stage.github.branches.add(branch);
      stage.meanwhile();
      return stage.result;
    });
    promoter = createPullRequestPromoter(deps());
  });
  afterEach(() => stage.github.stop());
  return stage;
}

import { describe, expect, test } from 'bun:test';
import type { PullRequestRef, PullRequestStrategy } from '../../../src/api/pipeline.ts';
import type { PullRequestState } from '../../../src/decide/promotion/next.ts';
import type { PromotionRequest } from '../../../src/promote/strategy.ts';
import { failureOf } from '../../fakes/failure.ts';
import { carriedOut, promotionRequest, stateRequest } from '../../fakes/promotion.ts';
import { waitFor, waitUntil } from '../../lab/wait.ts';
import { giteaStage } from './stage.ts';

const SLOW = 120_000;

/** Each test has an environment of its own. */
const ENVIRONMENTS = ['moved', 'fixed', 'elsewhere', 'gone', 'reopened', 'rejected', 'conflict'] as const;
type Environment = (typeof ENVIRONMENTS)[number];

const stage = giteaStage(
  'state',
  Object.fromEntries(ENVIRONMENTS.map((name) => [`${name}.yaml`, marked(name, '1.0.0')])),
);

function marked(environment: string, version: string): string {
  return `version: ${version} # {"$promotion": "team:app:${environment}"}\n`;
}

function token() {
  return { token: stage.gitea.token };
}

const branchOf = (environment: Environment) => `promotion-team-app-${environment}`;

function attempt(
  environment: Environment,
  change: Partial<PromotionRequest> = {},
  settings: Partial<PullRequestStrategy> = {},
) {
  const request = promotionRequest({ environment, revision: '1.1.0', ...change });
  return carriedOut(stage.promoter.prepare(request, stage.settings(settings), token()));
}

async function promote(...args: Parameters<typeof attempt>) {
  const result = await attempt(...args);
  if (result.kind !== 'pull-request') throw new Error(`the result is ${result.kind}`);
  return result;
}

/** As it is asked for from one poll to the next. */
function stateOf(environment: Environment, known: PullRequestRef, isClosed = false) {
  stage.later(10);
  const request = stateRequest(known, stage.settings(), { environment, isClosed });
  return stage.promoter.state(request, token());
}

/** Gitea takes what is pushed for a push, and looks for conflicts, in the background. */
async function becomes(wanted: PullRequestState, environment: Environment, known: PullRequestRef) {
  await waitFor(`the state ${wanted}`, async () => {
    const state = await stateOf(environment, known);
    return state === wanted ? { done: state } : { saw: state };
  });
}

function edit({ number }: PullRequestRef, change: object): Promise<unknown> {
  return stage.api('PATCH', `/pulls/${number}`, change);
}

describe('the state of a pull request on Gitea', () => {
  test(
    'is moved once a person has pushed to its branch, and open once that is known',
    async () => {
      const { pullRequest } = await promote('moved');
      expect(await stateOf('moved', pullRequest)).toBe('open');
      const files = { 'fix.txt': 'a fix for the new version\n' };
      const fix = await stage.gitea.commit(stage.repository, branchOf('moved'), files, 'Fix');
      await becomes('moved', 'moved', pullRequest);

      const again = await promote('moved', { pullRequest });
      expect(again.pullRequest).toEqual({ ...pullRequest, commit: fix, others: true });
      expect(again.message).toContain('Its branch has commits of others: they are kept');
      expect(await stateOf('moved', again.pullRequest)).toBe('open');
    },
    SLOW,
  );

  test(
    'goes on with a newer revision on top of what a person has pushed',
    async () => {
      const { pullRequest } = await promote('fixed');
      const files = { 'fixed.txt': 'a fix\n' };
      await stage.gitea.commit(stage.repository, branchOf('fixed'), files, 'Fix');
      const newer = await promote('fixed', { revision: '1.2.0', pullRequest });
      expect(newer.pullRequest).toMatchObject({ number: pullRequest.number, others: true });
      await becomes('open', 'fixed', newer.pullRequest);
      const file = (path: string) => stage.gitea.file(stage.repository, branchOf('fixed'), path);
      expect(await file('fixed.yaml')).toBe(marked('fixed', '1.2.0'));
      expect(await file('fixed.txt')).toBe('a fix\n');
      const pull = await stage.api('GET', `/pulls/${pullRequest.number}`);
      expect(pull).toMatchObject({ title: 'Promote team/app in fixed to 1.2.0' });
    },
    SLOW,
  );

  test(
    'is merged-elsewhere when a person gave it another base, and merged it there',
    async () => {
      await stage.api('POST', '/branches', { new_branch_name: 'release', old_branch_name: 'main' });
      const { pullRequest } = await promote('elsewhere');
      await edit(pullRequest, { base: 'release' });
      expect(await stateOf('elsewhere', pullRequest)).toBe('open');
      await stage.gitea.merge(stage.repository, pullRequest.number);
      expect(await stateOf('elsewhere', pullRequest)).toBe('merged-elsewhere');
      const released = { ...pullRequest, base: 'release' };
      expect(await stateOf('elsewhere', released)).toBe('merged');
      expect(await stage.gitea.file(stage.repository, 'main', 'elsewhere.yaml')).toBe(
        marked('elsewhere', '1.0.0'),
      );
    },
    SLOW,
  );

  test(
    'is lapsed when it was closed after its base branch, which is no person’s no',
    async () => {
      await stage.api('POST', '/branches', { new_branch_name: 'live', old_branch_name: 'main' });
      const { pullRequest } = await promote('gone', {}, { baseBranch: 'live' });
      await stage.api('DELETE', '/branches/live');
      // Gitea gives it the default branch, unless it is told to close it, as GitHub does.
      await waitUntil('Gitea to see that the branch is gone', async () => {
        const pull = await stage.api('GET', `/pulls/${pullRequest.number}`);
        return (pull as { base: { label: string } }).base.label === 'main';
      });
      expect(await stateOf('gone', pullRequest)).toBe('open');
      await stage.gitea.close(stage.repository, pullRequest.number);
      expect(await stateOf('gone', pullRequest)).toBe('lapsed');

      for (const revision of ['1.1.0', '1.2.0']) {
        const failure = await failureOf(attempt('gone', { revision, pullRequest }, { baseBranch: 'live' }));
        expect(failure).toMatchObject({ code: 'GitBranchNotFound', retry: 'never' });
        expect(failure.message).toContain('has no branch live: create it or change baseBranch');
      }
      const next = await promote('gone', { pullRequest });
      expect(next).not.toHaveProperty('rejected');
      expect(next.pullRequest).toMatchObject({ base: 'main', revision: '1.1.0' });
      expect(next.pullRequest.number).toBeGreaterThan(pullRequest.number);
    },
    SLOW,
  );

  test(
    'is closed until a person opens it again',
    async () => {
      const { pullRequest } = await promote('reopened');
      await stage.gitea.close(stage.repository, pullRequest.number);
      expect(await stateOf('reopened', pullRequest)).toBe('closed');
      expect(await attempt('reopened', { pullRequest })).toEqual({ kind: 'closed' });
      expect(await stateOf('reopened', pullRequest, true)).toBe('closed');
      await edit(pullRequest, { state: 'open' });
      expect(await stateOf('reopened', pullRequest, true)).toBe('open');
    },
    SLOW,
  );

  test(
    'that a person closed is a no to its revision, and a newer one gets its own',
    async () => {
      const { pullRequest } = await promote('rejected');
      await stage.gitea.close(stage.repository, pullRequest.number);
      const next = await promote('rejected', { revision: '1.2.0', pullRequest });
      expect(next.rejected).toBe('1.1.0');
      expect(next.pullRequest.number).toBeGreaterThan(pullRequest.number);
      expect(await stateOf('rejected', next.pullRequest)).toBe('open');
      expect(await stateOf('rejected', pullRequest, true)).toBe('closed');
    },
    SLOW,
  );

  test(
    'is conflicting once its base has moved into conflict with it, and open after the next attempt',
    async () => {
      const { pullRequest } = await promote('conflict');
      const files = { 'conflict.yaml': marked('conflict', '1.0.9') };
      await stage.gitea.commit(stage.repository, 'main', files, 'By hand');
      await becomes('conflicting', 'conflict', pullRequest);

      const again = await promote('conflict', { pullRequest });
      expect(again.pullRequest).toMatchObject({ number: pullRequest.number });
      await becomes('open', 'conflict', again.pullRequest);
      await waitUntil('Gitea to find no conflict', async () => {
        const pull = await stage.api('GET', `/pulls/${pullRequest.number}`);
        return (pull as { mergeable: boolean }).mergeable;
      });
    },
    SLOW,
  );
});

import { describe, expect, test } from 'bun:test';
import type { PullRequestStrategy } from '../../../src/api/pipeline.ts';
import { failureOf } from '../../fakes/failure.ts';
import { carriedOut, promotionRequest } from '../../fakes/promotion.ts';
import { waitFor } from '../../lab/wait.ts';
import { giteaStage } from './stage.ts';

const SLOW = 120_000;
const FILE = 'apps/staging/app.yaml';
const RULE = { rule_name: 'promotion-*', enable_push: true, enable_force_push: false };

const stage = giteaStage('force-push', { [FILE]: marked('1.0.0') });

function marked(version: string): string {
  return `version: ${version} # {"$promotion": "team:app:staging"}\n`;
}

async function promote(revision: string, change: Partial<PullRequestStrategy> = {}) {
  const request = promotionRequest({ revision });
  const result = await carriedOut(
    stage.promoter.prepare(request, stage.settings(change), { token: stage.gitea.token }),
  );
  if (result.kind !== 'pull-request') throw new Error(`the result is ${result.kind}`);
  return result.pullRequest;
}

async function squash(number: number): Promise<void> {
  await waitFor('Gitea to squash', async () => {
    await stage.api('POST', `/pulls/${number}/merge`, { Do: 'squash' });
    return { done: true };
  });
}

const numbers = async () => (await stage.gitea.pulls(stage.repository)).map((pull) => pull.number);
const fileOn = (branch: string) => stage.gitea.file(stage.repository, branch, FILE);

describe('a Gitea that protects promotion-* from force pushes', () => {
  test(
    'gets each revision in the one pull request, also on a branch that a squash has left behind',
    async () => {
      const first = await promote('1.1.0');
      await stage.api('POST', '/branch_protections', RULE);

      expect(await promote('1.2.0')).toMatchObject({ number: first.number });
      expect(await promote('1.3.0')).toMatchObject({ number: first.number });
      expect(await numbers()).toEqual([first.number]);
      expect(await fileOn(first.branch ?? '')).toBe(marked('1.3.0'));
      await squash(first.number);
      expect(await fileOn('main')).toBe(marked('1.3.0'));

      const second = await promote('1.4.0');
      expect(await numbers()).toEqual([second.number]);
      const files = (await stage.api('GET', `/pulls/${second.number}/files`)) as { filename: string }[];
      expect(files.map(({ filename }) => filename)).toEqual([FILE]);
      await squash(second.number);
      expect(await fileOn('main')).toBe(marked('1.4.0'));
    },
    SLOW,
  );

  test.each<Partial<PullRequestStrategy>>([{ mergeMethod: 'rebase' }, { merge: 'auto' }])(
    'ends a promotion whose merge commit a rebase would leave out, with its words and the cure: %j',
    async (change) => {
      const failure = await failureOf(promote('1.5.0', change));
      expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
      expect(failure.message).toContain('is protected from force push');
      expect(failure.message).toContain(
        "Allow force pushes on promotion-team-app-staging for Turnpike's user",
      );
    },
    SLOW,
  );
});

import { describe, expect, test } from 'bun:test';
import type { PullRequestRef } from '../../src/api/pipeline.ts';
import { failureOf } from '../fakes/failure.ts';
import { carriedOut, promotionRequest, stateRequest } from '../fakes/promotion.ts';
import { giteaStage } from './gitea/stage.ts';

const SLOW = 120_000;
const BRANCH = 'promotion-team-app-staging';
const FILE = 'apps/staging/app.yaml';

const stage = giteaStage('promoter', { [FILE]: marked('1.0.0') });

function marked(version: string): string {
  return `# what staging runs\nversion: ${version} # {"$promotion": "team:app:staging"}\n`;
}

function token() {
  return { token: stage.gitea.token };
}

/** Promotes a revision into staging and returns the pull request. */
async function promote(revision: string, known?: PullRequestRef): Promise<PullRequestRef> {
  const request = promotionRequest({ revision, ...(known && { pullRequest: known }) });
  const result = await carriedOut(stage.promoter.prepare(request, stage.settings(), token()));
  if (result.kind !== 'pull-request') throw new Error(`the result is ${result.kind}`);
  const { url, number } = result.pullRequest;
  return { url, number };
}

describe('the pull-request strategy on Gitea', () => {
  test(
    'keeps one pull request until it is merged, then opens the next, be the branch deleted or not',
    async () => {
      const first = await promote('1.1.0');
      expect(stage.calls()).toEqual(['create 201']);
      expect(await promote('1.2.0', first)).toEqual(first);
      // The second time for the title, which says whether it is a draft.
      expect(stage.calls()).toEqual(['get 200', 'get 200', 'update 201']);
      expect(await promote('1.2.0', first)).toEqual(first);
      expect(stage.calls()).toEqual(['get 200']);
      expect(await stage.gitea.pulls(stage.repository)).toMatchObject([
        { number: first.number, title: 'Promote team/app in staging to 1.2.0' },
      ]);
      expect(await stage.promoter.state(stateRequest(first, stage.settings()), token())).toBe('open');

      await stage.gitea.merge(stage.repository, first.number);
      expect(await stage.promoter.state(stateRequest(first, stage.settings()), token())).toBe('merged');
      expect(await stage.gitea.file(stage.repository, 'main', FILE)).toBe(marked('1.2.0'));
      stage.calls();

      const second = await promote('1.3.0', first);
      expect(second.number).toBeGreaterThan(first.number);
      expect(stage.calls()).toEqual(['get 200', 'create 201']);
      await stage.gitea.merge(stage.repository, second.number);
      await stage.api('DELETE', `/branches/${BRANCH}`);

      const third = await promote('1.4.0');
      expect(await stage.gitea.pulls(stage.repository)).toMatchObject([{ number: third.number }]);
      await stage.gitea.merge(stage.repository, third.number);
      stage.calls();
    },
    SLOW,
  );

  test(
    'asks no forge when the base branch has the revision',
    async () => {
      await stage.gitea.commit(stage.repository, 'main', { [FILE]: marked('2.0.0') }, 'By hand');

      const request = promotionRequest({ revision: '2.0.0' });
      const result = await carriedOut(stage.promoter.prepare(request, stage.settings(), token()));

      expect(result.kind).toBe('already-there');
      expect(stage.calls()).toEqual([]);
    },
    SLOW,
  );

  test(
    'adopts the branch and the pull request that the predecessor left, on the tip of the base branch',
    async () => {
      await stage.gitea.commit(stage.repository, BRANCH, { [FILE]: marked('2.1.0') }, 'promoting version');
      const left = (await stage.api('POST', '/pulls', {
        head: BRANCH,
        base: 'main',
        title: 'Promote team/app in staging to 2.1.0',
        body: '<details>\n<summary>metadata</summary>\n!!! DO NOT EDIT !!!\n\nteam/app/staging\n</details>\n',
      })) as { number: number };
      await stage.gitea.commit(stage.repository, 'main', { 'other.txt': 'newer' }, 'Something else');

      const adopted = await promote('2.2.0');

      expect(adopted.number).toBe(left.number);
      expect(await stage.gitea.file(stage.repository, BRANCH, FILE)).toBe(marked('2.2.0'));
      expect(await stage.gitea.file(stage.repository, BRANCH, 'other.txt')).toBe('newer');
      const [pull] = await stage.gitea.pulls(stage.repository);
      expect(pull?.body).toContain(`- \`${FILE}\`, line 2: \`2.0.0\` → \`2.2.0\``);
    },
    SLOW,
  );

  test(
    'says so when the marker is missing, and opens nothing',
    async () => {
      stage.calls();
      const request = promotionRequest({ environment: 'prod' });

      const failure = await failureOf(carriedOut(stage.promoter.prepare(request, stage.settings(), token())));

      expect(failure).toMatchObject({ code: 'MarkerNotFound', retry: 'never' });
      expect(stage.calls()).toEqual([]);
    },
    SLOW,
  );
});

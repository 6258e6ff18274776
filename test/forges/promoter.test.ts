import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PullRequestRef, PullRequestStrategy } from '../../src/api/pipeline.ts';
import { createPullRequestPromoter, type PullRequestPromoter } from '../../src/promote/pull-request.ts';
import { createWorkspace, type Workspace } from '../../src/promote/workspace.ts';
import { failureOf } from '../fakes/failure.ts';
import { createFakeLog } from '../fakes/log.ts';
import { loopbackOutbound } from '../fakes/outbound.ts';
import { promotionRequest } from '../fakes/promotion.ts';
import type { Gitea } from '../lab/gitea/forge.ts';
import { sharedLab } from '../lab/shared.ts';

const SLOW = 120_000;
const BRANCH = 'promotion-team-app-staging';
const FILE = 'apps/staging/app.yaml';
const repository = `promoter-${crypto.randomUUID().slice(0, 8)}`;

let gitea: Gitea;
let url: string;
let workspace: Workspace;
let directory: string;
let promoter: PullRequestPromoter;
const operations: string[] = [];

function marked(version: string): string {
  return `# what staging runs\nversion: ${version} # {"$promotion": "team:app:staging"}\n`;
}

function settings(): PullRequestStrategy {
  return { type: 'gitea', url, baseBranch: 'main', secretRef: { name: 'git' } };
}

/** Promotes a revision into staging and returns the pull request. */
async function promote(revision: string, known?: PullRequestRef): Promise<PullRequestRef> {
  const request = promotionRequest({ revision, ...(known && { pullRequest: known }) });
  const result = await promoter.promote(request, settings(), { token: gitea.token });
  if (result.kind !== 'pull-request') throw new Error(`the result is ${result.kind}`);
  const { url: page, number } = result.pullRequest;
  return { url: page, number };
}

function calls(): string[] {
  return operations.splice(0);
}

beforeAll(async () => {
  const lab = await sharedLab();
  gitea = lab.gitea;
  directory = await mkdtemp(join(lab.directory, 'promoter-'));
  url = await gitea.createRepository(repository, { [FILE]: marked('1.0.0') });
  const outbound = loopbackOutbound();
  const { log } = createFakeLog();
  workspace = createWorkspace({ outbound, log, directory, maxBytes: 100_000_000 });
  promoter = createPullRequestPromoter({
    workspace,
    outbound,
    log,
    now: () => new Date(),
    onForgeRequest: ({ operation, code }) => operations.push(`${operation} ${code}`),
  });
}, 600_000);

afterAll(async () => {
  await workspace?.close();
  if (directory) await rm(directory, { recursive: true, force: true });
  if (url) await gitea.api('DELETE', `/repos/${gitea.user}/${repository}`);
}, SLOW);

describe('the pull-request strategy on Gitea', () => {
  test(
    'keeps one pull request until it is merged, then opens the next, be the branch deleted or not',
    async () => {
      const first = await promote('1.1.0');
      expect(calls()).toEqual(['create 201']);
      expect(await promote('1.2.0', first)).toEqual(first);
      // The second time for the title, which says whether it is a draft.
      expect(calls()).toEqual(['get 200', 'get 200', 'update 201']);
      expect(await promote('1.2.0', first)).toEqual(first);
      expect(calls()).toEqual(['get 200']);
      expect(await gitea.pulls(repository)).toMatchObject([
        { number: first.number, title: 'Promote team/app in staging to 1.2.0' },
      ]);
      expect(await promoter.state(first, settings(), { token: gitea.token })).toBe('open');

      await gitea.merge(repository, first.number);
      expect(await promoter.state(first, settings(), { token: gitea.token })).toBe('merged');
      expect(await gitea.file(repository, 'main', FILE)).toBe(marked('1.2.0'));
      calls();

      const second = await promote('1.3.0', first);
      expect(second.number).toBeGreaterThan(first.number);
      expect(calls()).toEqual(['get 200', 'create 201']);
      await gitea.merge(repository, second.number);
      await gitea.api('DELETE', `/repos/${gitea.user}/${repository}/branches/${BRANCH}`);

      const third = await promote('1.4.0');
      expect(await gitea.pulls(repository)).toMatchObject([{ number: third.number }]);
      await gitea.merge(repository, third.number);
      calls();
    },
    SLOW,
  );

  test(
    'asks no forge when the base branch has the revision',
    async () => {
      await gitea.commit(repository, 'main', { [FILE]: marked('2.0.0') }, 'By hand');

      const request = promotionRequest({ revision: '2.0.0' });
      const result = await promoter.promote(request, settings(), { token: gitea.token });

      expect(result.kind).toBe('already-there');
      expect(calls()).toEqual([]);
    },
    SLOW,
  );

  test(
    'adopts the branch and the pull request that the predecessor left, on the tip of the base branch',
    async () => {
      await gitea.commit(repository, BRANCH, { [FILE]: marked('2.1.0') }, 'promoting version');
      const left = (await gitea.api('POST', `/repos/${gitea.user}/${repository}/pulls`, {
        head: BRANCH,
        base: 'main',
        title: 'Promote team/app in staging to 2.1.0',
        body: '<details>\n<summary>metadata</summary>\n!!! DO NOT EDIT !!!\n\nteam/app/staging\n</details>\n',
      })) as { number: number };
      await gitea.commit(repository, 'main', { 'other.txt': 'newer' }, 'Something else');

      const adopted = await promote('2.2.0');

      expect(adopted.number).toBe(left.number);
      expect(await gitea.file(repository, BRANCH, FILE)).toBe(marked('2.2.0'));
      expect(await gitea.file(repository, BRANCH, 'other.txt')).toBe('newer');
      const [pull] = await gitea.pulls(repository);
      expect(pull?.body).toContain(`- \`${FILE}\`, line 2: \`2.0.0\` → \`2.2.0\``);
    },
    SLOW,
  );

  test(
    'says so when the marker is missing, and opens nothing',
    async () => {
      calls();
      const request = promotionRequest({ environment: 'prod' });

      const failure = await failureOf(promoter.promote(request, settings(), { token: gitea.token }));

      expect(failure).toMatchObject({ code: 'MarkerNotFound', retry: 'never' });
      expect(calls()).toEqual([]);
    },
    SLOW,
  );
});

import { expect, test } from 'bun:test';
import type { PullRequestStrategy } from '../../../src/api/pipeline.ts';
import { createPullRequestPromoter } from '../../../src/promote/pull-request/pull-request.ts';
import { fakeBranches } from '../../fakes/branches.ts';
import { forgeDeps } from '../../fakes/forge-deps.ts';
import { carriedOut, promotionRequest } from '../../fakes/promotion.ts';

type Row = readonly [change: Partial<PullRequestStrategy>, mayBeRebased: boolean];

const ROWS: readonly Row[] = [
  [{}, false],
  [{ mergeMethod: 'rebase' }, true],
  [{ merge: 'auto' }, true],
  [{ merge: 'auto', mergeMethod: 'squash' }, false],
  [{ merge: 'auto', mergeMethod: 'merge' }, false],
  [{ merge: 'auto', type: 'github' }, false],
  [{ merge: 'auto', type: 'github', mergeMethod: 'rebase' }, true],
];

test.each(ROWS)('whether Turnpike may merge by a rebase with %j: %p', async (change, mayBeRebased) => {
  const branches = fakeBranches(() => ({ kind: 'in-base', problems: [] }));
  const promoter = createPullRequestPromoter({ ...forgeDeps(), branches });
  const url = 'https://git.example.com/acme/fleet';
  const secretRef = { name: 'forge' };
  const settings = { url, type: 'gitea', baseBranch: 'main', secretRef, ...change } as const;
  await carriedOut(promoter.prepare(promotionRequest(), settings, { token: 'glpat-0123456789abcdefghij' }));
  expect(branches.updates).toMatchObject([{ mayBeRebased }]);
});

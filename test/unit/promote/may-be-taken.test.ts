import { expect, test } from 'bun:test';
import type { PullRequestRef } from '../../../src/api/pipeline.ts';
import { createPullRequestPromoter } from '../../../src/promote/pull-request/pull-request.ts';
import { fakeBranches } from '../../fakes/branches.ts';
import { forgeDeps } from '../../fakes/forge-deps.ts';
import { carriedOut, promotionRequest } from '../../fakes/promotion.ts';

const URL = 'https://git.example.com/acme/fleet';
const CHOSEN = 'promote/{{environment}}';

/** A pull request that is recorded, from that branch. */
const from = (branch: string): PullRequestRef => ({ url: `${URL}/pulls/1`, number: 1, branch });

type Row = readonly [what: string, branch: string | undefined, recorded: PullRequestRef | undefined, boolean];

const ROWS: readonly Row[] = [
  ['with the usual name is ours', undefined, undefined, false],
  ['with a chosen name may be of others', CHOSEN, undefined, true],
  ['with a chosen name and a recorded pull request is ours', CHOSEN, from('promote/staging'), false],
  ['with a name that was chosen anew may be of others', CHOSEN, from('promotion-team-app-staging'), true],
];

test.each(ROWS)('a branch %s', async (_, branch, pullRequest, mayBeTaken) => {
  const branches = fakeBranches(() => ({ kind: 'in-base', problems: [] }));
  const promoter = createPullRequestPromoter({ ...forgeDeps(), branches });
  const place = { url: URL, type: 'gitea', baseBranch: 'main', secretRef: { name: 'forge' } } as const;
  const settings = { ...place, ...(branch !== undefined && { branch }) };
  const request = promotionRequest(pullRequest && { pullRequest });
  await carriedOut(promoter.prepare(request, settings, { token: 'glpat-0123456789abcdefghij' }));

  expect(branches.updates).toMatchObject([{ mayBeTaken }]);
});

import { expect, test } from 'bun:test';
import type { PullRequestStrategy } from '../../../src/api/pipeline.ts';
import { createPullRequestPromoter } from '../../../src/promote/pull-request/pull-request.ts';
import { createPushPromoter } from '../../../src/promote/push.ts';
import { fakeBranches } from '../../fakes/branches.ts';
import { forgeDeps } from '../../fakes/forge-deps.ts';
import { carriedOut, promotionRequest } from '../../fakes/promotion.ts';

const TOKEN = { token: 'glpat-0123456789abcdefghij' };
const secretRef = { name: 'forge' };

type Most = number | undefined;
type Row = readonly [url: string, type: PullRequestStrategy['type'], pulls: Most, pushes: Most];

const ROWS: readonly Row[] = [
  ['https://gitlab.com/acme/fleet', undefined, 3, 3],
  // The strategy push has no type: what the host does not tell, it does not know.
  ['https://git.example.com/acme/fleet', 'gitlab', 3, undefined],
  ['https://git.example.com/acme/fleet', 'gitea', undefined, undefined],
  ['https://github.com/acme/fleet', 'github', undefined, undefined],
];

test.each(ROWS)('a push to %s with the type %s brings so many branches', async (url, type, pulls, pushes) => {
  const branches = fakeBranches(() => ({ kind: 'in-base', problems: [] }));
  const deps = { ...forgeDeps(), branches };
  const settings = { url, baseBranch: 'main', secretRef, ...(type && { type }) };
  await carriedOut(createPullRequestPromoter(deps).prepare(promotionRequest(), settings, TOKEN));
  await carriedOut(
    createPushPromoter(deps).prepare(promotionRequest(), { url, branch: 'main', secretRef }, TOKEN),
  );
  expect(branches.updates.map(({ branchesAtOnce }) => branchesAtOnce)).toEqual([pulls, pushes]);
});

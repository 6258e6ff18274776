import { expect, test } from 'bun:test';
import { createPushPromoter } from '../../../src/promote/push.ts';
import { fakeBranches } from '../../fakes/branches.ts';
import { carriedOut, promotionRequest } from '../../fakes/promotion.ts';

const TOKEN = { token: 'BBDC-0123456789abcdefghij' };

test.each([
  ['Bitbucket by its path', 'https://git.example.com/scm/acme/fleet.git', { bearerToken: TOKEN.token }],
  ['any other host', 'https://git.example.com/acme/fleet', TOKEN],
])('a push with a token alone to %s logs in as that forge takes it', async (_, url, expected) => {
  const branches = fakeBranches(() => ({ kind: 'in-base', problems: [] }));
  const deps = { branches, now: () => new Date(0) };
  const settings = { url, branch: 'main', secretRef: { name: 'forge' } };
  await carriedOut(createPushPromoter(deps).prepare(promotionRequest(), settings, TOKEN));

  expect(branches.updates[0]?.credentials).toMatchObject(expected);
});

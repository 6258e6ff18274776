import { expect, test } from 'bun:test';
import * as v from 'valibot';
import { allowedStyles, MergeRules, styleOf } from '../../../../src/lib/forges/gitea/method.ts';

const NONE = {
  allow_merge_commits: false,
  allow_squash_merge: false,
  allow_rebase: false,
  allow_rebase_explicit: false,
} as const;

test.each([
  ['the preferred one', { default_merge_style: 'squash' }, undefined, 'squash'],
  ['the first where that is not allowed', { allow_merge_commits: false }, undefined, 'squash'],
  ['the first where a person merges by hand', { default_merge_style: 'manually-merged' }, undefined, 'merge'],
  ['the one that is named', { default_merge_style: 'squash' }, 'merge', 'merge'],
  [
    'a fast-forward for a rebase',
    { ...NONE, allow_fast_forward_only_merge: true },
    'rebase',
    'fast-forward-only',
  ],
  ['none where the named one is not allowed', { allow_squash_merge: false }, 'squash', undefined],
  [
    'none where a rebase would end in a merge commit',
    { ...NONE, allow_rebase_explicit: true },
    'rebase',
    undefined,
  ],
  ['none where nothing is allowed', NONE, undefined, undefined],
  ['a merge where nothing is said', {}, undefined, 'merge'],
] as const)('of the ways to merge on Gitea it takes %s', (_, said, method, style) => {
  expect(styleOf(v.parse(MergeRules, said), method)).toBe(style);
});

test('the ways that Gitea allows are named', () => {
  expect(allowedStyles(v.parse(MergeRules, { ...NONE, allow_rebase: true, allow_squash_merge: true }))).toBe(
    'squash, rebase',
  );
  expect(allowedStyles(v.parse(MergeRules, NONE))).toBe('');
});

import { describe, expect, test } from 'bun:test';
import {
  allowedStrategies,
  type MergeStrategy,
  type StrategyPolicy,
  strategyFor,
} from '../../../../src/lib/forges/azure/strategies.ts';

const TYPE = { id: 'FA4E907D-C16B-4A4C-9DFA-4916E5D171AB' };
const ALL: MergeStrategy[] = ['noFastForward', 'squash', 'rebase', 'rebaseMerge'];

type Settings = NonNullable<StrategyPolicy['settings']>;

function policy(settings: Partial<Settings> | null, isBlocking = true): StrategyPolicy {
  return { type: TYPE, isBlocking, settings: settings as Settings | null };
}

describe('the ways to merge that branch policies of Azure DevOps allow', () => {
  test.each([
    ['no policy', [], ALL],
    ['another policy', [{ ...policy({ allowSquash: true }), type: { id: 'other' } }], ALL],
    ['squash alone', [policy({ allowSquash: true })], ['squash']],
    ['the rest is refused by name', [policy({ allowSquash: true, allowNoFastForward: false })], ['squash']],
    [
      'rebase, with and without a merge',
      [policy({ allowRebase: true, allowRebaseMerge: true })],
      ['rebase', 'rebaseMerge'],
    ],
    ['none', [policy({ allowSquash: false })], []],
    ['squash, as earlier versions said it', [policy({ useSquashMerge: true })], ['squash']],
    ['no squash, as earlier versions said it', [policy({ useSquashMerge: false })], ['noFastForward']],
    ['null for what is not set', [policy({ allowSquash: true, useSquashMerge: null })], ['squash']],
    ['a policy without settings', [policy({}), policy(null)], ALL],
    [
      'what two policies have in common',
      [policy({ allowSquash: true, allowRebase: true }), policy({ allowRebase: true })],
      ['rebase'],
    ],
    [
      'two policies that contradict each other',
      [policy({ allowSquash: true }), policy({ allowRebase: true })],
      [],
    ],
    [
      'an optional policy comes first',
      [policy({ allowSquash: true }, false)],
      ['squash', 'noFastForward', 'rebase', 'rebaseMerge'],
    ],
    [
      'an optional policy against one that must be met',
      [policy({ allowSquash: true }), policy({ allowRebase: true }, false)],
      ['squash'],
    ],
  ] satisfies [string, StrategyPolicy[], MergeStrategy[]][])(
    'are, with %s, these',
    (_, policies, expected) => {
      expect(allowedStrategies(policies)).toEqual(expected);
    },
  );
});

describe('the way to merge on Azure DevOps', () => {
  test.each([
    [ALL, undefined, 'noFastForward'],
    [ALL, 'merge', 'noFastForward'],
    [ALL, 'squash', 'squash'],
    [ALL, 'rebase', 'rebase'],
    [['rebaseMerge'], 'rebase', 'rebaseMerge'],
    [['rebaseMerge'], undefined, 'rebaseMerge'],
    [['squash', 'rebase'], undefined, 'squash'],
  ] as const)('where %p are allowed and %p is wanted is %s', (allowed, method, expected) => {
    expect(strategyFor(allowed, method, 'main')).toBe(expected);
  });

  test('that is wanted and not allowed is a sentence that says what is', () => {
    expect(strategyFor(['squash', 'rebaseMerge'], 'merge', 'main')).toEqual({
      problem:
        'The merge method merge is not allowed by the branch policy Limit merge types of main: set mergeMethod to squash or rebase, or allow merge there.',
    });
    expect(strategyFor([], 'merge', 'main')).toEqual({
      problem:
        'No merge method is allowed by the branch policy Limit merge types of main: allow one there, the same one in each such policy.',
    });
  });
});

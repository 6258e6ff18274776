import * as v from 'valibot';
import type { MergeMethod } from '../types.ts';

/** Ways to complete a pull request, the usual one first. */
const STRATEGIES = ['noFastForward', 'squash', 'rebase', 'rebaseMerge'] as const;
export type MergeStrategy = (typeof STRATEGIES)[number];

/**
 * The type of the branch policy that limits merge types, the same everywhere:
 * https://learn.microsoft.com/en-us/cli/azure/repos/policy/merge-strategy
 */
const MERGE_TYPES = 'fa4e907d-c16b-4a4c-9dfa-4916e5d171ab';

const Flag = v.nullish(v.boolean());

/** The settings of a policy; `useSquashMerge` is the field of earlier versions, squash or no fast-forward. */
export const StrategySettings = v.object({
  allowNoFastForward: Flag,
  allowSquash: Flag,
  allowRebase: Flag,
  allowRebaseMerge: Flag,
  useSquashMerge: Flag,
});
type StrategySettings = v.InferOutput<typeof StrategySettings>;

/** A policy as it is evaluated for a pull request. */
export interface StrategyPolicy {
  readonly isBlocking: boolean;
  readonly type: { readonly id: string };
  readonly settings?: StrategySettings | null | undefined;
}

const FOR_METHOD: Readonly<Record<MergeMethod, readonly MergeStrategy[]>> = {
  merge: ['noFastForward'],
  squash: ['squash'],
  rebase: ['rebase', 'rebaseMerge'],
};

export function limitsStrategies({ type }: Pick<StrategyPolicy, 'type'>): boolean {
  return type.id.toLowerCase() === MERGE_TYPES;
}

/** The strategies that all policies that must be met allow; first those that the other policies allow, too. */
export function allowedStrategies(policies: readonly StrategyPolicy[]): readonly MergeStrategy[] {
  const limits = policies.filter(limitsStrategies);
  const allowed = allowedBy(
    STRATEGIES,
    limits.filter(({ isBlocking }) => isBlocking),
  );
  const liked = allowedBy(allowed, limits);
  return [...liked, ...allowed.filter((one) => !liked.includes(one))];
}

function allowedBy(strategies: readonly MergeStrategy[], policies: readonly StrategyPolicy[]) {
  return strategies.filter((one) => policies.every(({ settings }) => !settings || allows(settings, one)));
}

function allows(settings: StrategySettings, strategy: MergeStrategy): boolean {
  const { allowNoFastForward, allowSquash, allowRebase, allowRebaseMerge, useSquashMerge } = settings;
  const flags = {
    noFastForward: allowNoFastForward,
    squash: allowSquash,
    rebase: allowRebase,
    rebaseMerge: allowRebaseMerge,
  };
  const isListed = Object.values(flags).some((flag) => typeof flag === 'boolean');
  if (isListed) return flags[strategy] === true;
  if (typeof useSquashMerge !== 'boolean') return true;
  return strategy === (useSquashMerge ? 'squash' : 'noFastForward');
}

/** The first strategy that is allowed and that the Pipeline asks for, or a sentence that says why there is none. */
export function strategyFor(
  allowed: readonly MergeStrategy[],
  method: MergeMethod | undefined,
  base: string,
): MergeStrategy | { readonly problem: string } {
  const found = method === undefined ? allowed[0] : FOR_METHOD[method].find((one) => allowed.includes(one));
  if (found) return found;
  const policy = `the branch policy Limit merge types of ${base}`;
  const methods = (Object.keys(FOR_METHOD) as MergeMethod[]).filter((one) =>
    FOR_METHOD[one].some((strategy) => allowed.includes(strategy)),
  );
  if (methods.length === 0) {
    return {
      problem: `No merge method is allowed by ${policy}: allow one there, the same one in each such policy.`,
    };
  }
  const advice = `set mergeMethod to ${methods.join(' or ')}, or allow ${method} there`;
  return { problem: `The merge method ${method} is not allowed by ${policy}: ${advice}.` };
}

import { type HiddenNode, hiddenAt } from './rollup.ts';
import type { GitHubState } from './state.ts';

/**
 * The rules of a base branch: https://docs.github.com/en/graphql/reference/objects#refupdaterule and
 * https://docs.github.com/en/graphql/reference/objects#repositoryrule. A token that may not read them is given null.
 */
export function rulesOf(
  { options }: GitHubState,
  place: readonly (string | number)[],
): {
  readonly refUpdateRule: object | null;
  readonly rules: object | null;
  readonly hidden: readonly HiddenNode[];
} {
  if (!options.mayReadRules) {
    const hidden = [hiddenAt([...place, 'refUpdateRule']), hiddenAt([...place, 'rules'])];
    return { refUpdateRule: null, rules: null, hidden };
  }
  const { linearHistory, rulesetMethods, mergeQueue } = options;
  const nodes = [
    { type: 'DELETION', parameters: null },
    ...(linearHistory === 'ruleset' ? [{ type: 'REQUIRED_LINEAR_HISTORY', parameters: null }] : []),
    // Enterprise Server writes them in capitals.
    ...(rulesetMethods
      ? [{ type: 'PULL_REQUEST', parameters: { allowedMergeMethods: upper(rulesetMethods) } }]
      : []),
    ...(mergeQueue ? [{ type: 'MERGE_QUEUE', parameters: {} }] : []),
  ];
  const refUpdateRule = linearHistory === 'protection' ? { requiresLinearHistory: true } : null;
  return { refUpdateRule, rules: { nodes }, hidden: [] };
}

function upper(words: readonly string[]): string[] {
  return words.map((word) => word.toUpperCase());
}

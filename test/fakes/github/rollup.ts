import type { GitHubState } from './state.ts';

/** The reason why a node is null, where it is: https://spec.graphql.org/October2021/#sec-Handling-Field-Errors */
export interface HiddenNode {
  readonly type: 'FORBIDDEN';
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Statuses and check runs of a commit:
 * https://docs.github.com/en/graphql/reference/objects#statuscheckrollup. Null for a commit without any. A
 * token that may not read check runs is given null in the place of each.
 */
export function rollupOf(
  { statuses, checkRuns, options }: GitHubState,
  sha: string | undefined,
  path: readonly (string | number)[],
): { readonly rollup: object | null; readonly hidden: readonly HiddenNode[] } {
  const latest = new Map(statuses.filter((one) => one.sha === sha).map((one) => [one.context, one]));
  const contexts = [...latest.values()].map(({ context, state }) => ({
    context,
    state: state.toUpperCase(),
  }));
  const runs = checkRuns.filter((one) => one.sha === sha).map(({ sha: _, ...run }) => run);
  const totalCount = contexts.length + runs.length;
  if (totalCount === 0) return { rollup: null, hidden: [] };
  const shown = options.mayReadChecks ? runs : runs.map(() => null);
  const nodes = [...shown, ...contexts].slice(0, 100);
  const hidden = nodes.flatMap((node, index) => (node === null ? [hiddenAt([...path, index])] : []));
  return { rollup: { contexts: { totalCount, nodes } }, hidden };
}

export function hiddenAt(path: readonly (string | number)[]): HiddenNode {
  return { type: 'FORBIDDEN', path, message: 'Resource not accessible by personal access token' };
}

import * as v from 'valibot';
import { notYet, refusedMerge } from '../merge.ts';
import type { MergeOptions, MergeOutcome } from '../port.ts';
import { MERGE_METHODS, type MergeMethod } from '../types.ts';
import type { Api } from './api.ts';

/** The methods that may merge a pull request: a repository allows some, and its base branch fewer of them. */

/** Fields of the repository. */
export const METHODS_ALLOWED = 'mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed';
export const MethodsAllowed = v.object({
  mergeCommitAllowed: v.boolean(),
  squashMergeAllowed: v.boolean(),
  rebaseMergeAllowed: v.boolean(),
});

/**
 * Fields of the base branch: its protection and the rulesets that apply to it.
 * https://docs.github.com/en/graphql/reference/objects#refupdaterule,
 * https://docs.github.com/en/graphql/reference/objects#repositoryrule
 */
export const METHOD_RULES = `
  refUpdateRule { requiresLinearHistory }
  rules(first: 100) { nodes { type parameters { ... on PullRequestParameters { allowedMergeMethods } } } }`;

const Rule = v.object({
  type: v.nullish(v.string()),
  parameters: v.nullish(v.object({ allowedMergeMethods: v.nullish(v.array(v.string())) })),
});

/** Null, or absent, where the token may not read rules. */
export const MethodRules = v.object({
  refUpdateRule: v.nullish(v.object({ requiresLinearHistory: v.nullish(v.boolean()) })),
  rules: v.nullish(v.object({ nodes: v.nullish(v.array(v.nullish(Rule)), []) })),
});

/** Reports whether a ruleset of the base branch has a merge queue. */
export function hasQueueRule(base: Methods['base']): boolean {
  return base?.rules?.nodes?.some((rule) => rule?.type === 'MERGE_QUEUE') === true;
}

/** Methods that the repository and its base branch report as allowed. */
export interface Methods {
  readonly repository: v.InferOutput<typeof MethodsAllowed>;
  readonly base: v.InferOutput<typeof MethodRules> | null | undefined;
}

type Wanted = Pick<MergeOptions, 'base' | 'method'>;

/** The methods that repository and base branch allow, as far as that can be read, the preferred one first. */
function allowedBy({ repository, base }: Methods): readonly MergeMethod[] {
  const rules = base?.rules?.nodes ?? [];
  const ofRepository = {
    merge: repository.mergeCommitAllowed,
    squash: repository.squashMergeAllowed,
    rebase: repository.rebaseMergeAllowed,
  };
  const isLinear =
    base?.refUpdateRule?.requiresLinearHistory === true ||
    rules.some((rule) => rule?.type === 'REQUIRED_LINEAR_HISTORY');
  // github.com writes them in small letters, Enterprise Server in capitals.
  const lists = rules.flatMap((rule) => {
    const list = rule?.parameters?.allowedMergeMethods;
    return list ? [list.map((method) => method.toLowerCase())] : [];
  });
  return MERGE_METHODS.filter(
    (method) =>
      ofRepository[method] &&
      !(method === 'merge' && isLinear) &&
      lists.every((list) => list.includes(method)),
  );
}

/** The methods to try one after the other, or the reason why there are none. */
export function methodsFor(
  api: Api,
  { base, method }: Wanted,
  known: Methods,
): readonly MergeMethod[] | MergeOutcome {
  const allowed = allowedBy(known);
  if (allowed.length === 0) {
    return notYet(
      `The repository and the rules of ${base} allow no method in common: allow merge commits, squash or rebase in both.`,
    );
  }
  if (method === undefined) return allowed;
  const others = allowed.join(' or ');
  return allowed.includes(method) ? [method] : notIntoBase(api, { base, method }, '', others);
}

/** GitHub's words for a method that the repository, its branch or the commits do not take. */
const METHOD_REFUSED =
  /must not contain merge commits|\b(merge commits|squash merges|rebase merges|merge method\b.*) (are|is) not allowed|rebase merges cannot|can't be rebased/i;

export function isMethodRefused(words: string): boolean {
  return METHOD_REFUSED.test(words);
}

/** The outcome where GitHub has refused all methods. */
export function refusedMethods(api: Api, wanted: Wanted, words: string): MergeOutcome {
  return wanted.method === undefined
    ? refusedMerge(api.context, words)
    : notIntoBase(api, wanted, ` (${words})`, 'another method');
}

function notIntoBase({ context }: Api, { base, method }: Wanted, said: string, others: string): MergeOutcome {
  return notYet(
    `${context.name} does not merge into ${base} by mergeMethod ${method}${said}: set mergeMethod to ${others}, or leave it out.`,
  );
}

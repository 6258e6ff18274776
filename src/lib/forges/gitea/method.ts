import * as v from 'valibot';
import type { MergeMethod } from '../types.ts';

/**
 * Merge styles that a repository allows, as the pull request has them of its base (their `/api/swagger`, Repository).
 */
export const MergeRules = v.object({
  default_merge_style: v.nullish(v.string(), 'merge'),
  allow_merge_commits: v.nullish(v.boolean(), true),
  allow_squash_merge: v.nullish(v.boolean(), true),
  allow_rebase: v.nullish(v.boolean(), true),
  allow_rebase_explicit: v.nullish(v.boolean(), true),
  allow_fast_forward_only_merge: v.nullish(v.boolean(), false),
});
export type MergeRules = v.InferOutput<typeof MergeRules>;

/** Gitea's name of a merge style, by which it is allowed; preferred styles come first. */
const ALLOWED_BY = {
  merge: 'allow_merge_commits',
  squash: 'allow_squash_merge',
  rebase: 'allow_rebase',
  'rebase-merge': 'allow_rebase_explicit',
  'fast-forward-only': 'allow_fast_forward_only_merge',
} as const;
type Style = keyof typeof ALLOWED_BY;

const STYLES = Object.keys(ALLOWED_BY) as Style[];

const STYLES_OF: Readonly<Record<MergeMethod, readonly Style[]>> = {
  merge: ['merge'],
  squash: ['squash'],
  rebase: ['rebase', 'fast-forward-only'],
};

/** The wanted style, else the one that the repository prefers, else the first; undefined where it allows none. */
export function styleOf(rules: MergeRules, method: MergeMethod | undefined): Style | undefined {
  const preferred = STYLES.filter((style) => style === rules.default_merge_style);
  const wanted = method ? STYLES_OF[method] : [...preferred, ...STYLES];
  return wanted.find((style) => rules[ALLOWED_BY[style]]);
}

/** The allowed styles in a sentence, such as `squash, rebase`. */
export function allowedStyles(rules: MergeRules): string {
  return STYLES.filter((style) => rules[ALLOWED_BY[style]]).join(', ');
}

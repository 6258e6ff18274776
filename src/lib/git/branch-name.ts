import { brokenRule, type TextRule } from '../text/index.ts';

/** Git's rules for branches (git-check-ref-format), and that none looks like an option. */
export const BRANCH_RULES: readonly TextRule[] = [
  { matches: /^[^-]/, message: 'A branch must not start with "-". Write one such as main.' },
  { notMatching: /^(HEAD|@)$/, message: 'HEAD and @ are not branches. Write one such as main.' },
  {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
    matches: /^[^\x00-\x20\x7f~^:?*[\\]*$/,
    message:
      'A branch must not contain blanks, control characters or any of ~ ^ : ? * [ \\. Write one such as main.',
  },
  { notMatching: /\.\.|@\{/, message: 'A branch must not contain ".." or "@{". Write one such as main.' },
  {
    matches: /^[^/]+(\/[^/]+)*$/,
    message: 'A branch must not start or end with "/" or contain "//". Write one such as main.',
  },
  { matches: /[^.]$/, message: 'A branch must not end with ".". Write one such as main.' },
  {
    notMatching: /(^|\/)\.|\.lock(\/|$)/,
    message:
      'No part of a branch between slashes may start with "." or end with ".lock". Write one such as main.',
  },
];

/** Hosts keep `refs/heads/<branch>` within 255 bytes. */
export const MAX_BRANCH_BYTES = 244;

/**
 * The sentence that says why Git would not take this branch name, or undefined. Names become paths below a copy's
 * directory: the rules keep them in there, too.
 */
export function branchProblem(branch: string): string | undefined {
  if (branch === '') return 'A branch needs a name.';
  return branchLengthProblem(branch) ?? brokenRule(branch, BRANCH_RULES);
}

export function branchLengthProblem(branch: string): string | undefined {
  return isTooLong(branch) ? `A branch's name has at most ${MAX_BRANCH_BYTES} bytes.` : undefined;
}

/** No character takes more than three bytes for each unit of a JavaScript string. */
function isTooLong(branch: string): boolean {
  return branch.length * 3 > MAX_BRANCH_BYTES && Buffer.byteLength(branch) > MAX_BRANCH_BYTES;
}

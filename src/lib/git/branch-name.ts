import type { TextRule } from '../text/index.ts';

/** What Git says of the branches that it takes (git-check-ref-format), and that none looks like an option. */
export const BRANCH_RULES: readonly TextRule[] = [
  { matches: /^[^-]/, message: 'A branch must not start with "-". Write one such as main.' },
  { lacks: /^(HEAD|@)$/, message: 'HEAD and @ are not branches. Write one such as main.' },
  {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
    matches: /^[^\x00-\x20\x7f~^:?*[\\]*$/,
    message:
      'A branch must not hold blanks, control characters or any of ~ ^ : ? * [ \\. Write one such as main.',
  },
  { lacks: /\.\.|@\{/, message: 'A branch must not hold ".." or "@{". Write one such as main.' },
  {
    matches: /^[^/]+(\/[^/]+)*$/,
    message: 'A branch must not start or end with "/" or hold "//". Write one such as main.',
  },
  { matches: /[^.]$/, message: 'A branch must not end with ".". Write one such as main.' },
  {
    lacks: /(^|\/)\.|\.lock(\/|$)/,
    message:
      'No part of a branch between slashes may start with "." or end with ".lock". Write one such as main.',
  },
];

const MAX_LENGTH = 244;

/**
 * git-check-ref-format(1). Names become paths below a copy's directory, so this also keeps them in there; a
 * component of a path has at most 255 bytes.
 */
export function isBranchName(name: string): boolean {
  if (Buffer.byteLength(name) > MAX_LENGTH || name === '@' || name.startsWith('-')) return false;
  if (/[\p{Cc}\s~^:?*[\\]|\.\.|@\{/u.test(name)) return false;
  return name.split('/').every((part) => part !== '' && !/^\.|\.$|\.lock$/.test(part));
}

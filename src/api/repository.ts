import * as v from 'valibot';
import { quickly, rules, steps, type TextRule, textRules } from './rules.ts';

const FORM = 'https://<host>/<owner>/<repository>';

/** What the URL of a repository keeps to, before any host is judged. */
export const URL_RULES: readonly TextRule[] = [
  {
    matches: /^[!-[\]-~]*$/,
    message:
      'The URL holds blanks, backslashes or letters beyond ASCII: take them out, or percent-encode them.',
  },
  {
    // Over SSH the user is part of the address, such as git@; a password never is.
    lacks: /^(https?:\/\/[^/]*@|ssh:\/\/[^/@:]*:[^/]*@)/,
    message: 'The URL holds a user or password: put them into the Secret that secretRef names.',
  },
  {
    matches: /^[^?#]*$/,
    message: 'The URL holds a query or a fragment: leave out everything from ? or # on.',
  },
  {
    matches: /^(https?|ssh):\/\/([^/@]*@)?(\[[0-9a-fA-F:.]+\]|[^[\]/@:]+)(:[0-9]{1,5})?\/+[^/]/,
    message: `This is no URL of a repository: write it as ${FORM} or ssh://git@<host>/<owner>/<repository>.`,
  },
];

const URL_BOUNDS = { maxLength: 2048, keeps: URL_RULES };

/** The text alone: its rules belong to the object around it, so that no password is quoted. */
export const repositoryUrl = quickly(
  v.pipe(
    ...steps(URL_BOUNDS),
    v.description(
      `URL of the Git repository: ${FORM}, or ssh://git@<host>/<owner>/<repository>; without password, query and fragment.`,
    ),
  ),
  URL_BOUNDS,
);

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

const BRANCH_BOUNDS = { maxLength: 244, keeps: BRANCH_RULES };

export function branchOf(description: string) {
  return quickly(
    v.pipe(...steps(BRANCH_BOUNDS), rules(...textRules(BRANCH_RULES)), v.description(description)),
    BRANCH_BOUNDS,
  );
}

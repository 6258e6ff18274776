import { brokenRule, type TextRule } from '../text/index.ts';

/** The address of a repository. */

export const FORM = 'https://<host>/<owner>/<repository>';

/** The rules that the URL of a repository is held to, before its host is checked. */
export const URL_RULES: readonly TextRule[] = [
  {
    matches: /^[!-[\]-~]*$/,
    message:
      'The URL contains blanks, backslashes or letters beyond ASCII: remove them, or percent-encode them.',
  },
  {
    // Over SSH the user is part of the address, such as git@; a password never is.
    notMatching: /^(https?:\/\/[^/]*@|ssh:\/\/[^/@:]*:[^/]*@)/,
    message: 'The URL contains a user or password: put them into the Secret that secretRef names.',
  },
  {
    matches: /^[^?#]*$/,
    message: 'The URL contains a query or a fragment: leave out everything from ? or # on.',
  },
  {
    matches: /^(https?|ssh):\/\/([^/@]*@)?(\[[0-9a-fA-F:.]+\]|[^[\]/@:]+)(:[0-9]{1,5})?\/+[^/]/,
    message: `This is not the URL of a repository: write it as ${FORM} or ssh://git@<host>/<owner>/<repository>.`,
  },
];

const MAX_URL_LENGTH = 2048;

/** The sentence that says what is wrong with the form of a repository URL, or undefined. It quotes nothing of it. */
export function shapeProblem(url: string): string | undefined {
  if (url.length > MAX_URL_LENGTH) return `The URL is longer than ${MAX_URL_LENGTH} characters.`;
  return (
    brokenRule(url, URL_RULES) ??
    (URL.canParse(url)
      ? undefined
      : 'The URL has an invalid host or port: write it as https://<host>/<owner>/<repository>.')
  );
}

/** The URL for messages: without what may be a secret in it; undefined for what is no URL. */
export function shownUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, host, pathname, username, password, search, hash } = new URL(url);
  const user = password === '' && (username === '' || protocol === 'ssh:') ? username : '***';
  return `${protocol}//${user && `${user}@`}${host}${pathname}${search && '?***'}${hash && '#***'}`;
}

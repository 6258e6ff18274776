import { repositoryOf } from './redirect.ts';

/** Finds pages to sign in, which some servers show where they should say 401. */

const SIGN_IN = /^(?:_?sign[-_]?in|log[-_]?in)$/i;

/**
 * Azure DevOps sends Git's requests to `…/_signin` (https://github.com/microsoft/vscode/issues/112468), GitLab those
 * for a path that is not a project to `/users/sign_in`. A repository may have such a name, too.
 */
export function isSignInUrl({ hostname, pathname }: URL): boolean {
  if (repositoryOf(pathname) !== pathname) return false;
  return hostname.startsWith('login.') || pathname.split('/').some((segment) => SIGN_IN.test(segment));
}

/** The title and the form are near the beginning. */
const PAGE_CHARACTERS = 64 * 1024;

/** A link to sign in is on many a page: the title decides, or a field for a password. */
export function isSignInPage(html: string): boolean {
  const beginning = html.slice(0, PAGE_CHARACTERS);
  return /<title[^>]{0,200}>[^<]{0,200}\b(?:sign|log)[ -]?in\b|type=["']?password/i.test(beginning);
}

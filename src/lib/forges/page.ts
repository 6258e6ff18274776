import * as v from 'valibot';
import type { PullRequest } from './port.ts';
import type { ForgeContext } from './request/types.ts';

const MAX_URL = 1024;

/** An address of a page: never `javascript:`, never without end. */
export const WebUrl = v.pipe(v.string(), v.maxLength(MAX_URL), v.regex(/^https?:\/\/\S+$/));

/**
 * The page of a pull request, which is put into the status, shown as a link and sent in a header. The forge's URL
 * counts where it leads to the origin of the repository; else the address follows from the repository's.
 *
 * @param said the URL in the forge's answer
 * @param own the default URL
 */
export function pageOf(
  { name }: Pick<ForgeContext, 'name'>,
  said: string,
  own: string,
): Pick<PullRequest, 'url' | 'pageProblem'> {
  const url = new URL(own);
  const parsed = URL.parse(said);
  if (parsed?.origin === url.origin && `${parsed.username}${parsed.password}` === '') {
    if (parsed.href.length <= MAX_URL) return { url: parsed.href };
  }
  const elsewhere = parsed ? `at ${parsed.host}` : 'at no address';
  const pageProblem = `${name} has the page of the pull request ${elsewhere}, and the repository is at ${url.host}: the link is made of the repository's URL.`;
  return { url: url.href, pageProblem };
}

/** A branch in the path of a URL, where its slashes stay. */
export function pathOf(branch: string): string {
  return branch.split('/').map(encodeURIComponent).join('/');
}

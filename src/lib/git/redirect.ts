const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The repository's address with `.git` behind it, where the server sends the question for refs exactly there, as GitLab
 * does (https://gitlab.com/gitlab-org/gitlab/-/blob/master/config/routes/git_http.rb). Nothing of the answer goes into
 * it: scheme, host, port and path are the ones that were asked, and no token goes elsewhere.
 */
export function suffixedBase(response: Response, asked: string, service: string): string | undefined {
  if (!REDIRECTS.has(response.status) || asked.endsWith('.git')) return undefined;
  const suffixed = `${asked}.git`;
  const wanted = refsUrl(suffixed, service);
  return redirectTarget(response, refsUrl(asked, service))?.href === new URL(wanted).href
    ? suffixed
    : undefined;
}

/** The target of a redirect, which may be a path alone (RFC 9110, 10.2.2). */
export function redirectTarget({ headers }: Response, asked: string): URL | undefined {
  const location = headers.get('location');
  return location ? (URL.parse(location, asked) ?? undefined) : undefined;
}

/** The repository's address, without the path that Git asks for in it (gitprotocol-http). */
export function repositoryOf(address: string): string {
  return address.replace(/\/(?:info\/refs|git-upload-pack|git-receive-pack)$/, '');
}

export function refsUrl(base: string, service: string): string {
  return `${base}/info/refs?service=${service}`;
}

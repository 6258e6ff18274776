/**
 * A Git server that knows its repositories by names with `.git` alone, as GitLab does: without that, the question for
 * refs is sent on and nothing else is there (https://gitlab.com/gitlab-org/gitlab/-/blob/master/config/routes/git_http.rb).
 */
export function asGitLab(status = 301): (request: Request) => Response | undefined {
  return ({ url, method }) => {
    const { origin, pathname, search } = new URL(url);
    if (/\.git\//.test(pathname)) return undefined;
    const project = /^(.+)\/info\/refs$/.exec(pathname)?.[1];
    if (method !== 'GET' || project === undefined) return new Response('not found', { status: 404 });
    return redirectTo(`${origin}${project}.git/info/refs${search}`, status);
  };
}

export function redirectTo(location: string, status = 301): Response {
  return new Response('You are being redirected.', { status, headers: { location } });
}

import { join } from 'node:path';
import { createTestRepository, type Files, type TestRepository } from '../../git/stage/repository.ts';
import { run } from '../../git/stage/run.ts';
import { callBackend } from '../../git/stage/server.ts';

/** The repository `acme/fleet` itself, and how Git reaches it. */
export interface FakeGit {
  readonly repository: TestRepository;
  /** Undefined for a request that is not Git's. */
  answer(request: Request, tokens: ReadonlySet<string>): Promise<Response | undefined>;
}

const GIT = /^\/acme\/fleet(\.git)?(\/info\/refs|\/git-upload-pack|\/git-receive-pack)$/;

/** Git over HTTP (gitprotocol-http) by the real server's own program, in an existing directory. */
export async function fakeGit(directory: string, files: Files): Promise<FakeGit> {
  const repository = await createTestRepository(directory, 'acme/fleet.git', files);
  const backend = join((await run(['git', '--exec-path'])).trim(), 'git-http-backend');
  return {
    repository,
    async answer(request, tokens) {
      const url = new URL(request.url);
      const path = GIT.exec(url.pathname)?.[2];
      if (path === undefined) return undefined;
      if (!tokens.has(passwordOf(request))) return refused();
      url.pathname = `/acme/fleet.git${path}`;
      const body = new Uint8Array(await request.arrayBuffer());
      return callBackend({
        backend,
        directory,
        request: new Request(url.href, { headers: request.headers, method: request.method }),
        body,
      });
    },
  };
}

/** GitHub looks at the password alone; tokens of apps need this user's name. */
function passwordOf(request: Request): string {
  const [scheme, login = ''] = (request.headers.get('authorization') ?? '').split(' ');
  const [user, password = ''] = Buffer.from(login, 'base64').toString().split(':');
  return scheme === 'Basic' && user === 'x-access-token' ? password : '';
}

function refused(): Response {
  const headers = { 'www-authenticate': 'Basic realm="GitHub"' };
  return new Response('remote: Invalid username or token.', { status: 401, headers });
}

import { join } from 'node:path';
import { createTestRepository, type Files, type TestRepository } from '../../git/stage/repository.ts';
import { run } from '../../git/stage/run.ts';
import { callBackend } from '../../git/stage/server.ts';

/** The repository `fleet` of the project `Platform Team` itself, and how Git reaches it. */
export interface FakeGit {
  readonly repository: TestRepository;
  /** Undefined for a request that is not Git's. */
  answer(request: Request, token: string): Promise<Response | undefined>;
}

const GIT = /^\/acme\/Platform%20Team\/_git\/fleet(\/info\/refs|\/git-upload-pack|\/git-receive-pack)$/;

/** Git over HTTP (gitprotocol-http) by the real server's own program, in an existing directory. */
export async function fakeGit(directory: string, files: Files): Promise<FakeGit> {
  const repository = await createTestRepository(directory, 'fleet.git', files);
  const backend = join((await run(['git', '--exec-path'])).trim(), 'git-http-backend');
  return {
    repository,
    async answer(request, token) {
      const url = new URL(request.url);
      const path = GIT.exec(url.pathname)?.[1];
      if (path === undefined) return undefined;
      if (passwordOf(request) !== token) {
        return new Response('', { status: 401, headers: { 'www-authenticate': 'Basic realm="Azure"' } });
      }
      url.pathname = `/fleet.git${path}`;
      const body = new Uint8Array(await request.arrayBuffer());
      const inner = new Request(url.href, { headers: request.headers, method: request.method });
      return callBackend({ backend, directory, request: inner, body });
    },
  };
}

/** A personal access token is a password; whose it is does not matter. */
function passwordOf(request: Request): string {
  const login = (request.headers.get('authorization') ?? '').split(' ')[1] ?? '';
  return Buffer.from(login, 'base64').toString().split(':')[1] ?? '';
}

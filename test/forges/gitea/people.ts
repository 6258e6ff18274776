import type { ForgeDeps } from '../../../src/lib/forges/deps.ts';
import type { Forge, PullRequest } from '../../../src/lib/forges/port.ts';
import { createForge } from '../../../src/lib/forges/registry.ts';
import { forgeDeps } from '../../fakes/forge-deps.ts';
import type { Files, Gitea } from '../../lab/gitea/forge.ts';
import { waitUntil } from '../../lab/wait.ts';

/** One repository of the lab's Gitea, with people beside its owner. */
export interface GiteaRepository {
  /** Any request below the repository's API, by its owner. */
  api(method: string, path: string, body?: object): Promise<unknown>;
  forge(token?: string, change?: Partial<ForgeDeps>): Forge;
  /** `METHOD PATH` of the requests of `forge` since the last call, without what they have in common. */
  calls(): string[];
  /** A user that may read or write the repository. */
  addUser(right: 'read' | 'write'): Promise<{ readonly name: string; readonly token: string }>;
  /** A commit to a branch, which is made off main where it is not there; returned. */
  commit(branch: string, files?: Files): Promise<string>;
  /** A pull request of a new branch that Gitea has checked. */
  opened(head: string, base?: string): Promise<PullRequest>;
  remove(): Promise<void>;
}

export async function giteaRepository(gitea: Gitea): Promise<GiteaRepository> {
  const name = `people-${crypto.randomUUID().slice(0, 8)}`;
  const url = await gitea.createRepository(name, { 'README.md': 'A repository.\n' });
  const root = `/repos/${gitea.user}/${name}`;
  const users: string[] = [];
  const seen: string[] = [];

  const api: GiteaRepository['api'] = (method, path, body) => gitea.api(method, root + path, body);
  // Gitea registers a pushed branch in the background.
  await waitUntil('Gitea to know the first push', async () => Boolean(await api('GET', '/branches/main')));

  function forge(token = gitea.token, change: Partial<ForgeDeps> = {}): Forge {
    const deps = forgeDeps(change);
    const send: typeof deps.outbound.send = (request) => {
      seen.push(`${request.method} ${request.url.replace(`${gitea.url}/api/v1${root}`, '')}`);
      return deps.outbound.send(request);
    };
    return createForge('gitea', url, { token }, { ...deps, outbound: { ...deps.outbound, send } });
  }

  async function addUser(right: 'read' | 'write') {
    const username = `user-${crypto.randomUUID().slice(0, 8)}`;
    const password = crypto.randomUUID();
    const email = `${username}@example.com`;
    await gitea.api('POST', '/admin/users', { username, email, password, must_change_password: false });
    users.push(username);
    await api('PUT', `/collaborators/${username}`, { permission: right });
    const answer = await fetch(`${gitea.url}/api/v1/users/${username}/tokens`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ name: 'turnpike', scopes: ['write:repository', 'write:issue'] }),
    });
    const { sha1 } = (await answer.json()) as { sha1: string };
    return { name: username, token: sha1 };
  }

  const commit = (branch: string, files: Files = { [`${crypto.randomUUID()}.txt`]: branch }) =>
    gitea.commit(name, branch, files, 'Change');

  async function opened(head: string, base = 'main'): Promise<PullRequest> {
    await commit(head);
    const pull = await forge().create({ head, base, title: `Promote ${head}`, body: 'text' });
    if (pull === 'exists') throw new Error(`${head} has a pull request already`);
    await waitUntil(`Gitea to look at ${head}`, async () => {
      const found = (await api('GET', `/pulls/${pull.number}`)) as { mergeable: boolean };
      return found.mergeable;
    });
    seen.length = 0;
    return pull;
  }

  async function remove(): Promise<void> {
    await api('DELETE', '');
    for (const user of users) await gitea.api('DELETE', `/admin/users/${user}?purge=true`);
  }

  return { api, forge, calls: () => seen.splice(0), addUser, commit, opened, remove };
}

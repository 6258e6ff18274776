import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../wait.ts';
import { type CommitRequest, pushCommit } from './commit.ts';
import type { GiteaConnection } from './gitea.ts';

/** The part of Gitea's pull request that tests look at. */
export interface PullRequest {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: 'open' | 'closed';
  readonly merged: boolean;
  readonly html_url: string;
  readonly head: { readonly ref: string; readonly sha: string };
  readonly base: { readonly ref: string; readonly sha: string };
}

/** File paths and their contents; null deletes a file. */
export type Files = Readonly<Record<string, string | null>>;

/** Gitea as the lab's administrator sees it. Repositories are named without their owner. */
export interface Gitea extends GiteaConnection {
  /** A request to `/api/v1<path>`; an error answer throws. Returns the parsed JSON, or null. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  /** A public repository with one commit on main, or an empty one without files. Returns its clone URL. */
  createRepository(name: string, files?: Files): Promise<string>;
  /** Commits to a branch; one that is not there starts from main. Returns the commit. */
  commit(repository: string, branch: string, files: Files, message: string): Promise<string>;
  /** Merges a pull request as a user would, with a merge commit. */
  merge(repository: string, number: number): Promise<void>;
  /** Closes a pull request unmerged. */
  close(repository: string, number: number): Promise<void>;
  pulls(repository: string, state?: 'open' | 'closed' | 'all'): Promise<PullRequest[]>;
  /** A file's text on a branch; undefined when the file does not exist. */
  file(repository: string, branch: string, path: string): Promise<string | undefined>;
}

/** `directory`: the lab's. */
export function createGitea(connection: GiteaConnection, directory: string): Gitea {
  const { url, user, password, token } = connection;

  function request(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async function api(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await request(method, path, body);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Gitea answered ${answer.status} to ${method} ${path}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  function push(repository: string, commit: Omit<CommitRequest, 'url' | 'scratch'>): Promise<string> {
    const remote = new URL(`${url}/${user}/${repository}.git`);
    remote.username = user;
    remote.password = password;
    return pushCommit({ scratch: directory, url: remote.href, ...commit });
  }

  async function createRepository(name: string, files: Files = {}): Promise<string> {
    await api('POST', '/user/repos', { name, default_branch: 'main' });
    await rm(updateHook(name));
    if (Object.keys(files).length > 0) {
      await push(name, { branch: 'main', files, message: 'Add the first files' });
    }
    return `${url}/${user}/${name}.git`;
  }

  /** The hook only refuses requests that the lab never makes, and takes a start of Gitea for each branch of a push. */
  function updateHook(repository: string): string {
    return join(
      directory,
      'gitea',
      'repositories',
      user,
      `${repository.toLowerCase()}.git`,
      'hooks',
      'update',
    );
  }

  function merge(repository: string, number: number): Promise<void> {
    const path = `/repos/${user}/${repository}/pulls/${number}/merge`;
    // Gitea refuses until it has looked for conflicts, which it does in the background.
    const attempt = async () => {
      await api('POST', path, { Do: 'merge' });
      return { done: undefined };
    };
    return waitFor(`pull request ${number} of ${repository} to be merged`, attempt, { seconds: 15 });
  }

  async function close(repository: string, number: number): Promise<void> {
    await api('PATCH', `/repos/${user}/${repository}/pulls/${number}`, { state: 'closed' });
  }

  async function file(repository: string, branch: string, path: string): Promise<string | undefined> {
    const query = new URLSearchParams({ ref: branch });
    const answer = await request('GET', `/repos/${user}/${repository}/raw/${encodeURI(path)}?${query}`);
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`Gitea answered ${answer.status} for ${path} of ${repository}`);
    return answer.text();
  }

  return {
    ...connection,
    api,
    createRepository,
    merge,
    close,
    file,
    commit: (repository, branch, files, message) =>
      push(repository, { branch, base: 'main', files, message }),
    pulls: async (repository, state = 'open') =>
      (await api('GET', `/repos/${user}/${repository}/pulls?state=${state}`)) as PullRequest[],
  };
}

import fs from 'node:fs';
import git, { type GitHttpRequest, type GitHttpResponse } from 'isomorphic-git';
import { TurnpikeError } from '../../api/errors.ts';
import type { MarkedTree } from './marked.ts';
import type { GitService, Transport } from './transport.ts';

/** A bare, shallow copy of one repository. */
export interface Repository {
  readonly gitdir: string;
  /** isomorphic-git keeps indexes and packs here between calls. */
  readonly cache: object;
  /** What is known about the base branches' files, by branch. */
  readonly marked: Map<string, MarkedTree>;
  /** What we last pushed, by branch. */
  readonly pushed: Map<string, PushedCommit>;
}

export interface PushedCommit {
  readonly commit: string;
  readonly tree: string;
  readonly parent: string;
}

export async function openRepository(gitdir: string): Promise<Repository> {
  await git.init({ fs, gitdir, bare: true });
  const value = '+refs/heads/*:refs/remotes/origin/*';
  await git.setConfig({ fs, gitdir, path: 'remote.origin.fetch', value });
  return { gitdir, cache: {}, marked: new Map(), pushed: new Map() };
}

/** The branch's tip, fetched without history. Throws `GitBranchNotFound`; anything unknown means damage. */
export async function fetchTip(
  repository: Repository,
  transport: Transport,
  branch: string,
): Promise<string> {
  const { gitdir, cache } = repository;
  const tracking = `refs/remotes/origin/${branch}`;
  try {
    const { fetchHead } = await git.fetch({
      fs,
      gitdir,
      cache,
      http: { request: (request) => answer(request, transport) },
      url: transport.remote.name,
      ref: tracking,
      remoteRef: `refs/heads/${branch}`,
      depth: 1,
      singleBranch: true,
      tags: false,
    });
    if (fetchHead === null) throw branchNotFound(transport, branch);
    return fetchHead;
  } catch (error) {
    if (error instanceof git.Errors.NotFoundError) throw branchNotFound(transport, branch, error);
    throw error;
  }
}

export function branchNotFound(transport: Transport, branch: string, cause?: unknown): TurnpikeError {
  const message = `${transport.remote.name} has no branch ${branch}: create it or change baseBranch.`;
  return new TurnpikeError('GitBranchNotFound', message, { retry: 'never', cause });
}

/** An object's body. Throws when it is missing or damaged: then the copy is. */
export async function readBody({ gitdir, cache }: Repository, oid: string): Promise<Buffer> {
  const { object } = await git.readObject({ fs, gitdir, cache, oid, format: 'content' });
  return Buffer.from(object as Uint8Array);
}

/** isomorphic-git's requests by way of ours, which knows credentials, deadlines and bounds. */
async function answer({ url, method, body }: GitHttpRequest, transport: Transport): Promise<GitHttpResponse> {
  const service: GitService = 'git-upload-pack';
  const bytes =
    method === 'POST'
      ? await transport.call(service, await collect(body))
      : await transport.advertisement(service);
  const type = `application/x-${service}-${method === 'POST' ? 'result' : 'advertisement'}`;
  return { url, statusCode: 200, statusMessage: 'OK', headers: { 'content-type': type }, body: once(bytes) };
}

async function collect(body: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield bytes;
}

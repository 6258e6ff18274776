import fs from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import git, { type GitHttpRequest, type GitHttpResponse, type HttpClient } from 'isomorphic-git';
import type { MarkedTree } from '../../promote/branch/edit/marked.ts';
import { createSlots, createTurns, type Slots, type Turns } from '../async/index.ts';
import { TurnpikeError } from '../errors.ts';
import { fetchPack } from './fetch-pack.ts';
import { openPacks, type Packs } from './pack/packs.ts';
import { advertisementOf, parseAdvertisement } from './protocol/advertisement.ts';
import { FLUSH_PKT, pktLine } from './protocol/pktline.ts';
import { refOf } from './refs.ts';
import type { Transport } from './transport.ts';

/** A bare, shallow copy of one repository. */
export interface Repository {
  readonly gitdir: string;
  readonly packs: Packs;
  /** What is known about the base branches' files, by branch. */
  readonly marked: Map<string, MarkedTree>;
  /** How large a pack may be that is fetched. */
  readonly maxPackBytes: number;
  readonly shared: Shared;
  /** Where the branches were that are here, by branch. */
  readonly tips: Map<string, string>;
  /** What is known of the promotion branches, by branch. */
  readonly branches: Map<string, BranchMemory>;
  /** What its server can do when it is fetched from, once that is known. */
  fetchCapabilities: ReadonlySet<string> | undefined;
}

/** What all repositories share. */
export interface Shared {
  /** Of what takes long. */
  readonly turns: Turns;
  /** Of packs whose objects are being named: each takes memory for what its deltas build on. */
  readonly scans: Slots;
  /** Of large files that are parsed. */
  readonly parses: Slots;
}

export function createShared(turns: Turns = createTurns()): Shared {
  return { turns, scans: createSlots(1), parses: createSlots(1) };
}

/** One commit of ours on a base branch. */
export interface PushedCommit {
  readonly commit: string;
  readonly tree: string;
  readonly parent: string;
  /** It has what it replaces for a second parent. */
  readonly isMerge: boolean;
  /** The pipeline and environment that it was made for, as its message says. */
  readonly owner: string | undefined;
}

/** What a branch is, so that it need not be looked at again. */
export type BranchMemory =
  | { readonly kind: 'own'; readonly content: PushedCommit }
  /** What came of a look at commits that are not all ours; it holds as long as `question` is the same. */
  | { readonly kind: 'seen'; readonly question: string; readonly verdict: Verdict };

export type Verdict =
  | { readonly kind: 'unchanged'; readonly others?: true; readonly problems?: readonly string[] }
  | { readonly kind: 'blocked'; readonly reason: string; readonly problems: readonly string[] };

const CONFIG = '[core]\n\tbare = true\n[remote "origin"]\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n';

/** What isomorphic-git notes while it negotiates. */
const negotiationIn = (gitdir: string) => join(gitdir, 'negotiation');

/** Opens the repository in `gitdir`, or makes an empty one there. */
export async function openRepository(
  gitdir: string,
  maxPackBytes: number,
  shared: Shared = createShared(),
): Promise<Repository> {
  await mkdir(join(gitdir, 'objects', 'pack'), { recursive: true });
  const negotiation = negotiationIn(gitdir);
  await mkdir(join(negotiation, 'refs'), { recursive: true });
  await writeFile(join(negotiation, 'config'), CONFIG);
  await writeFile(join(negotiation, 'HEAD'), 'ref: refs/heads/main\n');
  const packs = openPacks(gitdir);
  packs.refresh();
  const [marked, tips, branches] = [new Map(), new Map(), new Map()];
  return { gitdir, packs, maxPackBytes, shared, marked, tips, branches, fetchCapabilities: undefined };
}

export interface FetchOptions {
  readonly branch: string;
  /** Where the server has just said that the branch is. */
  readonly tip?: string | undefined;
  /** How many generations of commits: the tip alone unless given. */
  readonly depth?: number;
  /** A commit that is here with all its files, so that these are not sent again. */
  readonly have?: string | undefined;
}

/**
 * The branch's tip, fetched with its files. Throws `GitBranchNotFound`; anything unknown means damage. Where
 * the server has said what it can do, and just now where the tip is, it is not asked for that again.
 */
export async function fetchTip(
  repository: Repository,
  transport: Transport,
  { branch, tip, depth = 1, have }: FetchOptions,
): Promise<string> {
  const told = advertisementFrom(repository, transport, branch, tip);
  try {
    const { fetchHead } = await git.fetch({
      fs,
      gitdir: negotiationIn(repository.gitdir),
      http: httpOver(repository, transport, { branch, told, have }),
      // It knows no other scheme; where requests really go is the transport's business.
      url: transport.remote.name.replace(/^ssh:/, 'https:'),
      ref: `refs/remotes/origin/${branch}`,
      remoteRef: refOf(branch),
      depth,
      singleBranch: true,
      tags: false,
    });
    if (fetchHead === null) throw branchNotFound(transport, branch);
    repository.tips.set(branch, fetchHead);
    return fetchHead;
  } catch (error) {
    // Its own text goes on about reporting bugs.
    if (error instanceof git.Errors.InternalError) throw new Error(error.data.message, { cause: error });
    throw error;
  }
}

export function branchNotFound(transport: Transport, branch: string): TurnpikeError {
  const message = `${transport.remote.name} has no branch ${branch}: create it or change baseBranch.`;
  return new TurnpikeError('GitBranchNotFound', message, { retry: 'never' });
}

function notShallow({ remote }: Transport): TurnpikeError {
  const message = `${remote.name} cannot send the tip of a branch without all that came before (it lacks the capability "shallow"): use a Git server that can.`;
  return new TurnpikeError('GitRejected', message, { retry: 'never' });
}

type Told = () => Promise<{ readonly oid: string; readonly capabilities: ReadonlySet<string> }>;

const UPLOAD_PACK = 'git-upload-pack';

/** Where the branch is, and what the server can do. */
function advertisementFrom(
  repository: Repository,
  transport: Transport,
  branch: string,
  tip: string | undefined,
): Told {
  return async () => {
    const known = repository.fetchCapabilities;
    if (known && tip !== undefined) return { oid: tip, capabilities: known };
    const ref = refOf(branch);
    const bytes = await transport.advertisement(UPLOAD_PACK);
    const { refs, capabilities } = parseAdvertisement(bytes, new Set([ref]), transport.remote);
    const oid = refs.get(ref);
    if (oid === undefined) throw branchNotFound(transport, branch);
    repository.fetchCapabilities = capabilities;
    return { oid, capabilities };
  };
}

/**
 * isomorphic-git's requests by way of ours, which knows credentials, deadlines and bounds. It negotiates; the pack goes past
 * it into a file, for it would take it whole into memory, and all that deltas make of it.
 */
function httpOver(
  repository: Repository,
  transport: Transport,
  { branch, told, have }: Pick<FetchOptions, 'branch' | 'have'> & { readonly told: Told },
): HttpClient {
  let canThin = false;
  const answer = (request: GitHttpRequest, kind: string, bytes: Buffer): GitHttpResponse => ({
    url: request.url,
    statusCode: 200,
    statusMessage: 'OK',
    headers: { 'content-type': `application/x-${UPLOAD_PACK}-${kind}` },
    body: once(bytes),
  });
  return {
    async request(request) {
      if (request.method === 'POST') {
        const known = [have, repository.tips.get(branch)].filter(
          (oid) => oid !== undefined && repository.packs.has(oid),
        );
        const body = withHaves(await collect(request.body), new Set(known as string[]));
        const lines = await fetchPack(repository, transport, canThin ? withThinPack(body) : body);
        return answer(request, 'result', withoutPack(lines));
      }
      const { oid, capabilities } = await told();
      if (!capabilities.has('shallow')) throw notShallow(transport);
      canThin = capabilities.has('thin-pack');
      return answer(request, 'advertisement', advertisementOf(refOf(branch), oid, capabilities));
    },
  };
}

/** A pack of no object, in which isomorphic-git finds nothing to do. */
const EMPTY_PACK = Buffer.from('5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e', 'hex');

function withoutPack(lines: readonly (string | null)[]): Buffer {
  const said = lines.map((line) => (line === null ? FLUSH_PKT : pktLine(`${line}\n`)));
  return Buffer.concat([...said, pktLine(Buffer.concat([Buffer.from([1]), EMPTY_PACK])), FLUSH_PKT]);
}

/**
 * isomorphic-git never asks for `thin-pack`, though it reads such packs. Without it a server sends a shallow
 * client every file again whenever the branch has moved, because it may leave out only what a commit's own
 * parents have. The capabilities stand on the first line (gitprotocol-pack, "Packfile Negotiation"), which may have none.
 */
function withThinPack(request: Buffer): Buffer {
  const length = Number.parseInt(request.toString('latin1', 0, 4), 16);
  const line = request.toString('utf8', 4, length).trimEnd();
  return Buffer.concat([pktLine(`${line} thin-pack\n`), request.subarray(length)]);
}

/** isomorphic-git sees none of the objects that are here, and tells of none. */
function withHaves(request: Buffer, haves: ReadonlySet<string>): Buffer {
  const done = pktLine('done\n');
  const end = request.length - done.length;
  if (!request.subarray(end).equals(done)) return request;
  const told = [...haves].map((oid) => pktLine(`have ${oid}\n`));
  return Buffer.concat([request.subarray(0, end), ...told, done]);
}

async function collect(body: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield bytes;
}

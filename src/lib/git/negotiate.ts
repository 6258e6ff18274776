import fs from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import git, { type GitHttpRequest, type GitHttpResponse, type HttpClient } from 'isomorphic-git';
import { FLUSH_PKT, pktLine } from './protocol/pktline.ts';
import { refOf } from './refs.ts';

/**
 * The one use of isomorphic-git (ADR 30): it writes the request for the wanted commit and depth. No other file knows of
 * it.
 */

const UPLOAD_PACK = 'git-upload-pack';
const CONFIG = '[core]\n\tbare = true\n[remote "origin"]\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n';

/** Holds the refs and shallow commits that isomorphic-git notes. */
const directoryIn = (gitdir: string) => join(gitdir, 'negotiation');

/** Makes the files that `negotiate` needs in a copy. */
export async function prepareNegotiation(gitdir: string): Promise<void> {
  const directory = directoryIn(gitdir);
  await mkdir(join(directory, 'refs'), { recursive: true });
  await writeFile(join(directory, 'config'), CONFIG);
  await writeFile(join(directory, 'HEAD'), 'ref: refs/heads/main\n');
}

export interface Negotiation {
  readonly gitdir: string;
  /** The URL in messages; `ask` decides where requests go. */
  readonly url: string;
  readonly branch: string;
  readonly tip: string;
  readonly capabilities: ReadonlySet<string>;
  /** The number of generations of commits. */
  readonly depth: number;
  /** Commits that are here with all their files. */
  readonly haves: ReadonlySet<string>;
  /**
   * Sends a request and keeps the pack that comes; gives the lines that the server sends before it, a flush as `null`.
   */
  readonly ask: (request: Buffer) => Promise<readonly (string | null)[]>;
}

/** Asks for the tip of one branch. Throws what `ask` throws, and anything else when the copy is damaged. */
export async function negotiate(negotiation: Negotiation): Promise<void> {
  const { gitdir, url, branch, depth } = negotiation;
  try {
    await git.fetch({
      fs,
      gitdir: directoryIn(gitdir),
      http: httpFor(negotiation),
      // isomorphic-git knows no other scheme.
      url: url.replace(/^ssh:/, 'https:'),
      ref: `refs/remotes/origin/${branch}`,
      remoteRef: refOf(branch),
      depth,
      singleBranch: true,
      tags: false,
    });
  } catch (error) {
    // isomorphic-git's own text goes on about reporting bugs.
    if (error instanceof git.Errors.InternalError) throw new Error(error.data.message, { cause: error });
    throw error;
  }
}

/**
 * Sends isomorphic-git's requests by way of ours, which knows credentials, deadlines and bounds. The pack bypasses it
 * into a file, for it would take it whole into memory, and all that deltas make of it.
 */
function httpFor({ branch, tip, capabilities, haves, ask }: Negotiation): HttpClient {
  const answer = (request: GitHttpRequest, kind: string, bytes: Buffer): GitHttpResponse => ({
    url: request.url,
    statusCode: 200,
    statusMessage: 'OK',
    headers: { 'content-type': `application/x-${UPLOAD_PACK}-${kind}` },
    body: once(bytes),
  });
  return {
    async request(request) {
      if (request.method !== 'POST') {
        return answer(request, 'advertisement', advertisementOf(refOf(branch), tip, capabilities));
      }
      const body = withHaves(await collect(request.body), haves);
      const lines = await ask(capabilities.has('thin-pack') ? withThinPack(body) : body);
      return answer(request, 'result', withoutPack(lines));
    },
  };
}

/**
 * Names one ref alone: the names that a server chooses for its other refs and symbolic refs would become file names.
 */
function advertisementOf(ref: string, oid: string, capabilities: ReadonlySet<string>): Buffer {
  const kept = [...capabilities].filter((capability) => !capability.startsWith('symref='));
  return Buffer.concat([
    pktLine(`# service=${UPLOAD_PACK}\n`),
    FLUSH_PKT,
    pktLine(`${oid} HEAD\0${kept.join(' ')}\n`),
    pktLine(`${oid} ${ref}\n`),
    FLUSH_PKT,
  ]);
}

/** A pack of no object, in which isomorphic-git finds nothing to do. */
const EMPTY_PACK = Buffer.from('5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e', 'hex');

function withoutPack(lines: readonly (string | null)[]): Buffer {
  const said = lines.map((line) => (line === null ? FLUSH_PKT : pktLine(`${line}\n`)));
  return Buffer.concat([...said, pktLine(Buffer.concat([Buffer.from([1]), EMPTY_PACK])), FLUSH_PKT]);
}

/**
 * isomorphic-git never asks for `thin-pack`, though it reads such packs. Without it a server sends a shallow client
 * every file again whenever the branch has moved, because it may leave out only what a commit's own parents have. The
 * capabilities stand on the first line (gitprotocol-pack, "Packfile Negotiation"), which may have none.
 */
function withThinPack(request: Buffer): Buffer {
  const length = Number.parseInt(request.toString('latin1', 0, 4), 16);
  const line = request.toString('utf8', 4, length).trimEnd();
  return Buffer.concat([pktLine(`${line} thin-pack\n`), request.subarray(length)]);
}

/** isomorphic-git does not see the objects that are here, and names none. */
function withHaves(request: Buffer, haves: ReadonlySet<string>): Buffer {
  const done = pktLine('done\n');
  const end = request.length - done.length;
  if (!request.subarray(end).equals(done)) return request;
  const lines = [...haves].map((oid) => pktLine(`have ${oid}\n`));
  return Buffer.concat([request.subarray(0, end), ...lines, done]);
}

async function collect(body: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield bytes;
}

import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { CommitSigner } from './sign/key.ts';

/** Git's objects as bytes (gitformat-pack, "Git User's Manual: Object storage format"). */
export interface GitObject {
  readonly type: 'blob' | 'commit' | 'tree';
  readonly oid: string;
  readonly body: Buffer;
}

export interface TreeEntry {
  /** Octal as stored, without leading zeros: `100644`, `100755`, `120000`, `160000`, `40000`. */
  readonly mode: string;
  /** The name, one character per byte: names that are not UTF-8 stay as they are. */
  readonly name: string;
  readonly oid: string;
  /** The place of the object id in the tree's body. */
  readonly oidAt: number;
}

const OID_BYTES = 20;
const PACK_TYPES = { commit: 1, tree: 2, blob: 3 } as const;

export function gitObject(type: GitObject['type'], body: Buffer): GitObject {
  const oid = createHash('sha1').update(`${type} ${body.length}\0`).update(body).digest('hex');
  return { type, oid, body };
}

/** Throws when the bytes are not a tree. */
export function parseTree(body: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    const nul = body.indexOf(0, space);
    const next = nul + 1 + OID_BYTES;
    if (space < 0 || nul < 0 || next > body.length) throw new Error('a tree object is broken off');
    entries.push({
      mode: body.toString('latin1', at, space),
      name: body.toString('latin1', space + 1, nul),
      oid: body.toString('hex', nul + 1, next),
      oidAt: nul + 1,
    });
    at = next;
  }
  return entries;
}

/** The tree with other objects under some of its names; names, modes and order stay byte for byte. */
export function treeWith(body: Buffer, changed: ReadonlyMap<string, string>): GitObject {
  const copy = Buffer.from(body);
  for (const entry of parseTree(body)) {
    const oid = changed.get(entry.name);
    if (oid !== undefined) copy.write(oid, entry.oidAt, OID_BYTES, 'hex');
  }
  return gitObject('tree', copy);
}

export interface Person {
  readonly name: string;
  readonly email: string;
}

export interface CommitOptions {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Person;
  /** The author unless given. */
  readonly committer?: Person;
  readonly message: string;
  readonly now: Date;
  readonly sign?: CommitSigner | undefined;
}

/**
 * Makes a commit, signed where there is a signer.
 * @throws the signer's error
 */
export async function commitObject(options: CommitOptions): Promise<GitObject> {
  const unsigned = Buffer.from(commitText(options));
  if (!options.sign) return gitObject('commit', unsigned);
  const signature = await options.sign(unsigned);
  return gitObject('commit', Buffer.from(commitText(options, signature)));
}

/** A header of several lines goes on with a blank before each further one (gitformat-signature). */
function commitText(options: CommitOptions, signature?: string): string {
  const { tree, parents, author, committer = author, message, now } = options;
  const time = `${Math.floor(now.getTime() / 1000)} +0000`;
  return [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${personText(author)} ${time}`,
    `committer ${personText(committer)} ${time}`,
    ...(signature === undefined ? [] : [`gpgsig ${signature.trim().replaceAll('\n', '\n ')}`]),
    '',
    `${message.replaceAll('\0', '').trimEnd()}\n`,
  ].join('\n');
}

/** Writes a person as a commit names one. */
export function personText({ name, email }: Person): string {
  const clean = (text: string) => text.replaceAll(/[<>\p{Cc}]/gu, '').trim();
  return `${clean(name)} <${clean(email)}>`;
}

/** Texts have one character per byte. */
export interface Commit {
  readonly tree: string;
  readonly parents: readonly string[];
  /** `Name <address>`. */
  readonly committer: string;
  readonly message: string;
}

/** Reads a commit. */
export function parseCommit(body: Buffer): Commit {
  const text = body.toString('latin1');
  const [head = ''] = text.split('\n\n', 1);
  const valuesOf = (name: string) =>
    head.split('\n').flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));
  const [tree = ''] = valuesOf('tree');
  const [committer = ''] = valuesOf('committer');
  const message = text.slice(head.length + 2);
  return { tree, parents: valuesOf('parent'), committer: committer.replace(/>[^>]*$/, '>'), message };
}

/** A pack of whole objects, no deltas, each of them once. */
export function packOf(all: readonly GitObject[]): Buffer {
  const objects = [...new Map(all.map((object) => [object.oid, object])).values()];
  const header = Buffer.alloc(12);
  header.write('PACK', 'latin1');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(objects.length, 8);
  const content = Buffer.concat([
    header,
    ...objects.flatMap(({ type, body }) => [entryHeader(PACK_TYPES[type], body.length), deflateSync(body)]),
  ]);
  return Buffer.concat([content, createHash('sha1').update(content).digest()]);
}

/** Type and size: four bits of the size in the first byte, seven in each further one, the lowest first. */
export function entryHeader(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 0x0f)];
  for (let rest = size >>> 4; rest > 0; rest >>>= 7) {
    bytes.push((bytes.pop() ?? 0) | 0x80, rest & 0x7f);
  }
  return Buffer.from(bytes);
}

import { asTurnpikeError, TurnpikeError } from '../../errors.ts';
import { type Remote, serverWords, unusable } from '../failure.ts';
import { HEADS } from '../refs.ts';
import { readPktLines } from './pktline.ts';

/** The server's first answer: the tips of the refs that we asked about, and its capabilities. */
export interface Advertised {
  readonly refs: ReadonlyMap<string, string>;
  readonly capabilities: ReadonlySet<string>;
}

const CAPABILITY_BYTES = 4_096;
/** The number of lines that fit into the bytes of an advertisement if each has the shortest name. */
const MAX_LINES = 200_000;

/**
 * Keeps the wanted refs alone (gitprotocol-http, "Smart Server Response"). Throws when the bytes are not an
 * advertisement.
 */
export function parseAdvertisement(bytes: Buffer, wanted: ReadonlySet<string>, remote: Remote): Advertised {
  const refs = new Map<string, string>();
  const capabilities = readAdvertisement(bytes, remote, (ref, oid) => {
    if (wanted.has(ref)) refs.set(ref, oid);
  });
  return { refs, capabilities };
}

/** The same with all branches, as far as they are kept. */
export interface AdvertisedBranches extends Advertised {
  /** True if `refs` has all branches: one that is not in it does not exist. */
  readonly isWhole: boolean;
}

/** Keeps only the wanted refs beyond this length: many attempts hold their answers at once. */
const MAX_KEPT_LENGTH = 256 * 1024;

/** The same with all branches, where these are not too many. */
export function parseBranches(
  bytes: Buffer,
  wanted: ReadonlySet<string>,
  remote: Remote,
): AdvertisedBranches {
  const refs = new Map<string, string>();
  const few = new Map<string, string>();
  let length = 0;
  const capabilities = readAdvertisement(bytes, remote, (ref, oid) => {
    if (wanted.has(ref)) refs.set(ref, oid);
    if (!ref.startsWith(HEADS)) return;
    length += ref.length + oid.length;
    if (length > MAX_KEPT_LENGTH) few.clear();
    else few.set(ref, oid);
  });
  const isWhole = length <= MAX_KEPT_LENGTH;
  return { refs: isWhole ? few : refs, capabilities, isWhole };
}

/** Hands out each ref and gives the capabilities. */
function readAdvertisement(
  bytes: Buffer,
  remote: Remote,
  hear: (ref: string, oid: string) => void,
): ReadonlySet<string> {
  const capabilities = new Set<string>();
  let lines = 0;
  const take = (line: Buffer | null) => {
    lines += 1;
    if (lines > MAX_LINES) throw tooMany(remote);
    const text = line?.toString('utf8').trimEnd() ?? '';
    if (text.startsWith('ERR ')) {
      const message = `${remote.name} refuses the connection.${serverWords(text.slice(4), remote)}`;
      throw new TurnpikeError('GitRejected', message, { retry: 'backoff' });
    }
    const [, oid = '', ref = '', extra = ''] = /^([0-9a-f]{40,64}) ([^\0]*)(?:\0(.*))?$/.exec(text) ?? [];
    // They stand behind the first ref alone (gitprotocol-pack, "Reference Discovery").
    const said = capabilities.size === 0 ? extra.slice(0, CAPABILITY_BYTES) : '';
    for (const one of said.split(' ')) if (one !== '') capabilities.add(one);
    hear(ref, oid);
  };
  try {
    readPktLines(bytes, take);
  } catch (error) {
    throw asTurnpikeError(error, (cause) => unusable(cause, remote));
  }
  if (capabilities.has('object-format=sha256')) {
    const message = `${remote.name} uses SHA-256 for its objects, which is not supported: use a repository with SHA-1.`;
    throw new TurnpikeError('GitRejected', message);
  }
  return capabilities;
}

function tooMany({ name }: Remote): TurnpikeError {
  const message = `${name} has more than ${MAX_LINES} branches and tags: delete unused ones.`;
  return new TurnpikeError('GitTooLarge', message);
}

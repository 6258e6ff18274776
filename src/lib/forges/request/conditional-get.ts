import { createHash } from 'node:crypto';
import { putBounded } from '../../async/index.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { PullRequest } from '../port.ts';
import type { ForgeAnswer } from './types.ts';

/**
 * Keeps open pull requests as they were last seen, with the entity tag (RFC 9110, section 8.8.3) by which a forge can
 * say that nothing has changed. GitHub does not count such an answer against the limit.
 *
 * The base branch decides, too, whether a pull request can be merged, and GitHub promises no new tag when that moves.
 * Hence a known one is used no longer than MAX_AGE_MS, not after another pull request into the same base was seen to be
 * merged, and not while the forge is still finding out.
 */
export interface EtagCache {
  get(key: string): KnownPull | undefined;
  set(key: string, known: KnownPull | undefined): void;
  /** The time at which a base branch was last seen to have moved; 0 for never. */
  movedAt(base: string): number;
  moved(base: string, at: number): void;
}

export interface KnownPull {
  readonly tag: string;
  readonly pull: PullRequest;
  /** The time at which it was read whole, in milliseconds since 1970. */
  readonly at: number;
}

const MAX_KNOWN = 2_000;
/** A thousand open pull requests cost two fifths of GitHub's 5,000 requests an hour. */
const MAX_AGE_MS = 30 * 60_000;
/** A larger pull request is read anew each time: people may write much into one. */
const MAX_BODY = 16 * 1024;
const MAX_TAG = 256;

export function createEtagCache(): EtagCache {
  const known = new Map<string, KnownPull>();
  const moves = new Map<string, number>();
  return {
    get: (key) => known.get(key),
    set(key, value) {
      if (value === undefined) known.delete(key);
      else putBounded(known, key, value, MAX_KNOWN);
    },
    movedAt: (base) => moves.get(base) ?? 0,
    moved: (base, at) => putBounded(moves, base, at, MAX_KNOWN),
  };
}

/** The requests by which a forge reads one pull request. */
export interface Reading {
  /** With a tag, the forge may answer 304. */
  readonly ask: (tag: string | undefined) => Promise<ForgeAnswer>;
  readonly parse: (answer: ForgeAnswer) => PullRequest | undefined;
}

/** Reads a pull request by its number, whole or only if it has changed. */
export type ConditionalGet = (number: number, reading: Reading) => Promise<PullRequest | undefined>;

/** Accepts the answers to a conditional request that are not a pull request. */
export function isKnownAnswer(tag: string | undefined): (answer: ForgeAnswer) => boolean {
  return ({ status }) => status === 404 || (status === 304 && tag !== undefined);
}

export interface ConditionalGetDeps {
  readonly etags: EtagCache;
  readonly now: () => Date;
}

/** Creates the reader of one repository with one token, through one proxy or none. */
export function createConditionalGet(
  { type, url, credentials }: Repository,
  { etags, now }: ConditionalGetDeps,
): ConditionalGet {
  const repository = keyOf(type, url, credentials);
  return async (number, { ask, parse }) => {
    const key = `${repository} ${number}`;
    const known = etags.get(key);
    const at = now().getTime();
    const isFresh =
      known && at - known.at < MAX_AGE_MS && known.at > etags.movedAt(`${repository} ${known.pull.base}`);
    const answer = await ask(isFresh ? known.tag : undefined);
    if (known && answer.status === 304) {
      etags.set(key, known);
      return known.pull;
    }
    const pull = parse(answer);
    etags.set(key, pull && toKeep(pull, answer.headers.get('etag') ?? '', at));
    // A pull request that was open and is merged now has moved its base.
    if (known && pull?.state === 'merged') etags.moved(`${repository} ${pull.base}`, at);
    return pull;
  };
}

interface Repository {
  /** The forge's. */
  readonly type: string;
  readonly url: string;
  readonly credentials: Credentials;
}

function keyOf(type: string, url: string, { token, account, proxy = '' }: Credentials): string {
  // An answer by a tenant's proxy counts for that proxy alone.
  const seenBy = account ?? createHash('sha256').update(`${token} ${proxy}`).digest('hex');
  return `${type} ${url} ${seenBy}`;
}

function toKeep(pull: PullRequest, tag: string, at: number): KnownPull | undefined {
  const isKept = pull.state === 'open' && !pull.checking && pull.body.length <= MAX_BODY;
  return isKept && tag !== '' && tag.length <= MAX_TAG ? { tag, pull, at } : undefined;
}

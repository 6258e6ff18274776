import { createHash } from 'node:crypto';
import { putBounded } from '../../async/index.ts';
import type { Outbound, OutboundRequest } from '../../net/index.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { Forge, PullRequest } from '../port.ts';

/**
 * Open pull requests as they were last seen, with the entity tag (RFC 9110, section 8.8.3) by which a forge
 * can say that nothing has changed. GitHub does not count such an answer against the limit.
 *
 * Whether a pull request can be merged hangs on its base branch too, and GitHub promises no new tag when that
 * moves. Hence what is known is used no longer than MAX_AGE_MS, not after another pull request into the same
 * base was seen to be merged, and not while the forge is still finding out.
 */
export interface Polls {
  get(key: string): KnownPull | undefined;
  set(key: string, known: KnownPull | undefined): void;
  /** When a base branch was last seen to have moved; 0 for never. */
  movedAt(base: string): number;
  moved(base: string, at: number): void;
}

export interface KnownPull {
  readonly url: string;
  readonly tag: string;
  readonly pull: PullRequest;
  /** When it was read whole, in milliseconds since 1970. */
  readonly at: number;
}

const MAX_KNOWN = 2_000;
/** A thousand open pull requests cost two fifths of GitHub's 5,000 requests an hour. */
const MAX_AGE_MS = 30 * 60_000;
/** People may write much into a pull request; such a one is read anew each time. */
const MAX_BODY = 16 * 1024;
const MAX_TAG = 256;

export function createPolls(): Polls {
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

/** Of one forge's repository with one token, on one way. */
export function pollKey(type: string, url: string, { token, account, proxy = '' }: Credentials): string {
  // What a proxy of somebody else says is not known by way of another one.
  const seenBy = account ?? createHash('sha256').update(`${token} ${proxy}`).digest('hex');
  return `${type} ${url} ${seenBy}`;
}

export interface PollDeps {
  readonly key: string;
  readonly polls: Polls;
  readonly outbound: Outbound;
  readonly now: () => Date;
}

/** The forge, but what was seen already is asked for only if it has changed. */
export function withPolls(create: (outbound: Outbound) => Forge, deps: PollDeps): Forge {
  return { ...create(deps.outbound), get: (number) => poll(create, number, deps) };
}

async function poll(create: (outbound: Outbound) => Forge, number: number, deps: PollDeps) {
  const key = `${deps.key} ${number}`;
  const known = deps.polls.get(key);
  const at = deps.now().getTime();
  const watched = watch(deps.outbound, known && isFresh(known, at, deps) ? known : undefined);
  try {
    const pull = await create(watched.outbound).get(number);
    deps.polls.set(key, pull && watched.worthKeeping(pull, at));
    // One that was open has taken its base along.
    if (known && pull?.state === 'merged') deps.polls.moved(`${deps.key} ${pull.base}`, at);
    return pull;
  } catch (error) {
    if (!known || !watched.isUnchanged()) throw error;
    deps.polls.set(key, known);
    return known.pull;
  }
}

function isFresh({ at, pull }: KnownPull, now: number, { key, polls }: PollDeps): boolean {
  return now - at < MAX_AGE_MS && at > polls.movedAt(`${key} ${pull.base}`);
}

/** Asks on a condition, and remembers what was said: a forge has no words for an answer without a body. */
function watch(outbound: Outbound, known: KnownPull | undefined) {
  let seen: { readonly url: string; readonly status: number; readonly tag: string } | undefined;
  const send = async (request: OutboundRequest) => {
    const response = await outbound.send(
      request.url === known?.url ? conditional(request, known.tag) : request,
    );
    seen = { url: request.url, status: response.status, tag: response.headers.get('etag') ?? '' };
    return response;
  };
  return {
    outbound: { ...outbound, send },
    isUnchanged: () => seen?.status === 304 && seen.url === known?.url,
    worthKeeping(pull: PullRequest, at: number): KnownPull | undefined {
      const isKept = pull.state === 'open' && !pull.checking && pull.body.length <= MAX_BODY;
      if (!seen || !isKept || seen.tag === '' || seen.tag.length > MAX_TAG) return undefined;
      return { url: seen.url, tag: seen.tag, pull, at };
    },
  };
}

function conditional(request: OutboundRequest, tag: string): OutboundRequest {
  return { ...request, headers: { ...request.headers, 'if-none-match': tag } };
}

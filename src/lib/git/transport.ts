import type { Waiting } from '../async/index.ts';
import { connectionOptions, displayUrl, mediaType, type Outbound } from '../net/index.ts';
import { authorization } from './credentials.ts';
import { answerProblem, notGit, type Remote } from './failure.ts';
import { refsUrl, suffixedBase } from './redirect.ts';
import type { Advice, GitCredentials } from './remote.ts';
import type { Unlock } from './ssh/unlock.ts';

/** Git's protocol with one repository. */
export interface Transport {
  readonly remote: Remote;
  /** Aborted when no caller waits any more. */
  readonly signal: AbortSignal;
  /** Waits for a turn of ours, for which no host is to blame. */
  readonly waiting?: Waiting;
  /** The tenant that it works for: the work of one tenant does not hold up another. */
  readonly tenant?: string | undefined;
  /** Reads the service's advertisement. */
  advertisement(service: GitService): Promise<Buffer>;
  /**
   * Waits for room for a push; call the function that it gives when the push is over. Without it a push waits for
   * nothing of ours.
   */
  room?(): Promise<() => void>;
  /** The answer to a push. */
  push(body: Uint8Array): Promise<Buffer>;
  /** Hands out the answer to a fetch as it comes. An error that `take` throws ends it. */
  download(body: Uint8Array, take: (piece: Uint8Array) => void): Promise<void>;
  /** Ends connections that are kept for further calls. */
  close(): void;
}

export type GitService = 'git-upload-pack' | 'git-receive-pack';

export interface TransportDeps {
  readonly outbound: Outbound;
  readonly url: string;
  readonly credentials: GitCredentials;
  readonly signal: AbortSignal;
  readonly waiting?: Waiting | undefined;
  readonly advice?: Advice | undefined;
  /** Opens a key of SSH that has a passphrase. */
  readonly unlock?: Unlock;
}

/** Git servers recognize clients by the beginning of this name; others count as browsers. */
const USER_AGENT = 'git/turnpike';
const MIB = 1024 * 1024;

/** Bounds per kind of exchange; a repository with more is not one that is fetched for a few files. */
export interface ExchangeBounds {
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxBytes: number;
}

export const ADVERTISEMENT_BOUNDS: ExchangeBounds = {
  timeoutMs: 30_000,
  idleTimeoutMs: 30_000,
  maxBytes: 8 * MIB,
};
export const PUSH_BOUNDS: ExchangeBounds = { timeoutMs: 90_000, idleTimeoutMs: 30_000, maxBytes: MIB };
/**
 * The bounds of a download. The size is not that of the pack, which is checked as it comes: this includes the bytes
 * around its pieces.
 */
export const DOWNLOAD_BOUNDS: ExchangeBounds = {
  timeoutMs: 600_000,
  idleTimeoutMs: 30_000,
  maxBytes: 2 ** 40,
};

/**
 * The smart HTTP protocol (gitprotocol-http). A server may redirect once to the repository with `.git` behind its name;
 * it is asked there from then on.
 */
export function createHttpTransport(deps: TransportDeps): Transport {
  const { outbound, credentials, signal, advice } = deps;
  let base = deps.url.replace(/\/+$/, '');
  const remote: Remote = { name: displayUrl(base), credentials, advice };
  const { common, advertised, posted } = createRequests(deps);
  let hasRoom = false;
  return {
    remote,
    signal,
    async room() {
      const giveBack = await outbound.room?.(common);
      hasRoom = giveBack !== undefined;
      return () => {
        hasRoom = false;
        giveBack?.();
      };
    },
    async advertisement(service) {
      const asked = base;
      let response = await outbound.send(advertised(base, service));
      const suffixed = suffixedBase(response, asked, service);
      if (suffixed !== undefined) {
        base = suffixed;
        response = await outbound.send(advertised(base, service));
      }
      return accepted(response, `application/x-${service}-advertisement`, remote);
    },
    async push(body) {
      const pushed = posted(base, 'git-receive-pack', body);
      const response = await outbound.send({ ...PUSH_BOUNDS, ...pushed, hasRoom });
      return accepted(response, resultOf('git-receive-pack'), remote);
    },
    async download(body, take) {
      const contentType = resultOf('git-upload-pack');
      const into = { contentType, take };
      const fetched = posted(base, 'git-upload-pack', body);
      const response = await outbound.send({ ...DOWNLOAD_BOUNDS, ...fetched, into });
      await accepted(response, contentType, remote);
    },
    close() {},
  };
}

/** Makes the requests to one repository, which may be at another address from its first answer on. */
function createRequests({ credentials, signal, waiting }: TransportDeps) {
  const header = authorization(credentials);
  const headers = { 'user-agent': USER_AGENT, ...(header === undefined ? {} : { authorization: header }) };
  const common = {
    signal,
    ...(waiting && { waiting }),
    purpose: 'git' as const,
    ...connectionOptions(credentials),
  };
  return {
    common,
    advertised: (base: string, service: GitService) => ({
      ...ADVERTISEMENT_BOUNDS,
      ...common,
      url: refsUrl(base, service),
      headers: { ...headers, accept: '*/*' },
    }),
    posted: (base: string, service: GitService, body: Uint8Array) => ({
      ...common,
      method: 'POST',
      url: `${base}/${service}`,
      headers: {
        ...headers,
        'content-type': `application/x-${service}-request`,
        accept: resultOf(service),
      },
      body,
    }),
  };
}

function resultOf(service: GitService): string {
  return `application/x-${service}-result`;
}

async function accepted(response: Response, type: string, remote: Remote): Promise<Buffer> {
  const problem = await answerProblem(response, remote);
  if (problem) throw problem;
  if (mediaType(response) === type) return Buffer.from(await response.arrayBuffer());
  throw await notGit(response, remote);
}

import { TurnpikeError } from '../../api/errors.ts';
import { displayUrl, type Outbound } from '../outbound.ts';
import type { GitCredentials } from '../workspace.ts';
import { authorization } from './credentials.ts';
import { answerProblem, type Remote } from './failure.ts';

/** Git's protocol with one repository. */
export interface Transport {
  readonly remote: Remote;
  /** What the service says first. */
  advertisement(service: GitService): Promise<Buffer>;
  /** The service's answer to one request. */
  call(service: GitService, body: Uint8Array): Promise<Buffer>;
  /** Ends connections that are kept for further calls. */
  close(): void;
}

export type GitService = 'git-upload-pack' | 'git-receive-pack';

export interface TransportDeps {
  readonly outbound: Outbound;
  readonly url: string;
  readonly credentials: GitCredentials;
  readonly signal: AbortSignal;
}

/** Git servers tell clients from browsers by the beginning of this name. */
const USER_AGENT = 'git/turnpike';
const MIB = 1024 * 1024;

/** Bounds per kind of exchange; a repository with more than these is no GitOps repository. */
export const ADVERTISEMENT_BOUNDS = { timeoutMs: 60_000, idleTimeoutMs: 30_000, maxBytes: 64 * MIB };
export const CALL_BOUNDS = { timeoutMs: 300_000, idleTimeoutMs: 30_000, maxBytes: 256 * MIB };

/** The smart HTTP protocol (gitprotocol-http). */
export function createHttpTransport({ outbound, url, credentials, signal }: TransportDeps): Transport {
  const base = url.replace(/\/+$/, '');
  const remote: Remote = { name: displayUrl(base), credentials };
  const header = authorization(credentials);
  const headers = { 'user-agent': USER_AGENT, ...(header === undefined ? {} : { authorization: header }) };
  const ca = credentials.caFile === undefined ? {} : { ca: credentials.caFile };
  const common = { signal, purpose: 'git' as const, ...ca };
  return {
    remote,
    async advertisement(service) {
      const response = await outbound.send({
        ...ADVERTISEMENT_BOUNDS,
        ...common,
        url: `${base}/info/refs?service=${service}`,
        headers: { ...headers, accept: '*/*' },
      });
      return accepted(response, `application/x-${service}-advertisement`, remote);
    },
    async call(service, body) {
      const response = await outbound.send({
        ...CALL_BOUNDS,
        ...common,
        method: 'POST',
        url: `${base}/${service}`,
        headers: {
          ...headers,
          'content-type': `application/x-${service}-request`,
          accept: `application/x-${service}-result`,
        },
        body,
      });
      return accepted(response, `application/x-${service}-result`, remote);
    },
    close() {},
  };
}

async function accepted(response: Response, type: string, remote: Remote): Promise<Buffer> {
  const problem = await answerProblem(response, remote);
  if (problem) throw problem;
  const actual = response.headers.get('content-type')?.split(';')[0] ?? 'nothing';
  if (actual === type) return Buffer.from(await response.arrayBuffer());
  throw new TurnpikeError(
    'GitUnavailable',
    `${remote.name} did not answer as a Git server does (content type ${actual.slice(0, 80)}): check the URL.`,
  );
}

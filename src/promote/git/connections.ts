import { createHash } from 'node:crypto';
import { TurnpikeError } from '../../api/errors.ts';
import type { Breakers, Refusal } from '../breaker.ts';
import type { Outbound } from '../outbound.ts';
import type { Turns } from '../turn.ts';
import type { BranchUpdate, GitCredentials } from '../workspace.ts';
import { unusable } from './failure.ts';
import { createSshTransport } from './ssh/transport.ts';
import { createHttpTransport, type Transport } from './transport.ts';

type Connecting = Pick<BranchUpdate, 'url' | 'credentials' | 'signal' | 'received'>;

export interface ConnectionDeps {
  readonly outbound: Outbound;
  readonly breakers: Breakers;
  /** Aborted when all of them have to end. */
  readonly closing: AbortSignal;
  readonly turns?: Turns;
}

/** Runs work with a connection of its own, which ends with it. A host that fails again and again is left alone. */
export function createConnections(deps: ConnectionDeps) {
  const { breakers } = deps;
  return async <T>(connecting: Connecting, work: (transport: Transport) => Promise<T>): Promise<T> => {
    const { url, credentials } = connecting;
    const circuit = circuitOf(url, credentials);
    const refusal = breakers.refusal(circuit);
    if (refusal) throw stillBroken(url, refusal);
    const transport = open(deps, connecting);
    breakers.begin(circuit);
    try {
      const result = await work(transport);
      breakers.succeed(circuit);
      return result;
    } catch (error) {
      const known = error instanceof TurnpikeError ? error : unusable(error, transport.remote);
      if (known.code === 'GitUnavailable') breakers.fail(circuit);
      else breakers.succeed(circuit);
      throw known;
    } finally {
      transport.close();
    }
  };
}

function open(
  { outbound, closing, turns }: ConnectionDeps,
  { url, credentials, signal, received }: Connecting,
): Transport {
  const create = url.startsWith('ssh:') ? createSshTransport : createHttpTransport;
  const until = AbortSignal.any(signal ? [closing, signal] : [closing]);
  return counting(
    create({ url, credentials, outbound, signal: until, ...(turns && { turn: turns.job() }) }),
    received,
  );
}

/** Another Secret's failures may be its own. */
function circuitOf(url: string, credentials: GitCredentials): string {
  const digest = createHash('sha256').update(JSON.stringify(Object.entries(credentials).toSorted()));
  return `${new URL(url).host} ${digest.digest('base64')}`;
}

function stillBroken(url: string, { failures, since, seconds }: Refusal): TurnpikeError {
  const { host } = new URL(url);
  const message = `Git at ${host} has failed ${failures} times in a row with this Secret since ${since.toISOString()}: the next attempt is in ${seconds} s.`;
  return new TurnpikeError('GitUnavailable', message, { retry: { afterSeconds: seconds } });
}

function counting(transport: Transport, received: ((bytes: number) => void) | undefined): Transport {
  if (!received) return transport;
  return {
    ...transport,
    download: (body, take) =>
      transport.download(body, (piece) => {
        received(piece.byteLength);
        take(piece);
      }),
  };
}

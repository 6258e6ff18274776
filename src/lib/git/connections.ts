import { createHash } from 'node:crypto';
import { type Breakers, createTurns, type Refusal } from '../async/index.ts';
import { asTurnpikeError, TurnpikeError } from '../errors.ts';
import type { Outbound } from '../net/index.ts';
import { unusable } from './failure.ts';
import { createKeyLane, createOpenedKeys, type KeyLane } from './key-lane.ts';
import type { Advice, Connecting, GitCredentials } from './remote.ts';
import { createSshTransport } from './ssh/transport.ts';
import { lockedKeyId, type Unlock, unlock } from './ssh/unlock.ts';
import { createHttpTransport, type Transport } from './transport.ts';

export interface ConnectionDeps {
  readonly outbound: Outbound;
  readonly breakers: Breakers;
  /** The advice that follows the fault in messages; general unless given. */
  readonly advice?: Advice;
  /** Aborted when all connections have to end. */
  readonly closing: AbortSignal;
  /** Opens keys of SSH. */
  readonly lane?: KeyLane;
}

/** Runs work with a connection of its own. `isAway`: the result says that the host gave no answer. */
export type Connected = <T>(
  connecting: Connecting,
  work: (transport: Transport) => Promise<T>,
  isAway?: (result: T) => boolean,
) => Promise<T>;

/** Runs work with a connection of its own, which ends with it. A host that fails again and again is left alone. */
export function createConnections(deps: ConnectionDeps): Connected {
  const { breakers, lane = createKeyLane(createTurns()) } = deps;
  const identities = createOpenedKeys<string | undefined>(lane);
  const unlockFor =
    ({ signal, waiting, tenant }: Connecting): Unlock =>
    (key, passphrase) => {
      const asker = { signal, waiting, tenant };
      const id = lockedKeyId(key, passphrase);
      return identities(id, (turn) => unlock(key, passphrase, turn), asker);
    };
  return async (connecting, work, isAway) => {
    const { url, credentials } = connecting;
    const circuit = circuitOf(url, credentials);
    const refusal = breakers.refusal(circuit);
    if (refusal) throw stillBroken(url, refusal);
    const transport = open(deps, connecting, unlockFor(connecting));
    breakers.begin(circuit);
    try {
      const result = await work(transport);
      if (isAway?.(result)) breakers.fail(circuit);
      else breakers.succeed(circuit);
      return result;
    } catch (error) {
      const known = asTurnpikeError(error, (cause) => unusable(cause, transport.remote));
      if (known.code === 'GitUnavailable') breakers.fail(circuit);
      else breakers.succeed(circuit);
      throw known;
    } finally {
      transport.close();
    }
  };
}

function open(
  { outbound, closing, advice }: ConnectionDeps,
  { url, credentials, signal, received, waiting, tenant }: Connecting,
  unlocked: Unlock,
): Transport {
  const create = url.startsWith('ssh:') ? createSshTransport : createHttpTransport;
  const until = AbortSignal.any(signal ? [closing, signal] : [closing]);
  const transport = create({ url, credentials, outbound, signal: until, waiting, advice, unlock: unlocked });
  return { ...counting(transport, received), ...(waiting && { waiting }), tenant };
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

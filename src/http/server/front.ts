import { BACKGROUND, type Clock } from '../../lib/async/index.ts';
import type { Logger } from '../../lib/logger.ts';
import { CONNECTIONS, type ConnectionLimits, createConnections } from './connections.ts';
import type { InnerServers } from './inner.ts';
import { createPump } from './pump.ts';
import { createRelay, type Outer, type Relay } from './relay.ts';
import { sourceOf } from './source.ts';

/** Takes connections. */
export interface Front {
  readonly port: number;
  /** Takes no more connections. */
  close(): void;
}

/** Undefined: there are too many connections, close this one. */
export type Accept = (address: string | undefined, outer: Outer) => Relay | undefined;

export interface Reception {
  readonly accept: Accept;
  stop(): void;
}

export interface ReceptionOptions {
  /** For the log. */
  readonly name: string;
  readonly inner: InnerServers;
  readonly limits?: ConnectionLimits | undefined;
  readonly isProxy: (source: string) => boolean;
  /** The clock of the limits. Default: timers that keep no process from its end. */
  readonly clock?: Clock | undefined;
  readonly log: Logger;
}

const SWEEP_SECONDS = 1;

/** Lets connections in within the limits, and has each answered by the server of its source. */
export function createReception({
  name,
  inner,
  limits = CONNECTIONS,
  isProxy,
  clock = BACKGROUND,
  log,
}: ReceptionOptions): Reception {
  const connections = createConnections({ now: clock.now, limits, isProxy });
  const pump = createPump();
  let refused = 0;

  function accept(address: string | undefined, outer: Outer): Relay | undefined {
    const source = sourceOf(address ?? '');
    const connection = connections.open(source, () => outer.destroy());
    if (!connection) {
      refused += 1;
      return undefined;
    }
    const { unix, throttle, leave } = inner.enter(source);
    const close = () => {
      connection.close();
      leave();
    };
    return createRelay(outer, {
      unix,
      throttle,
      pump: pump.of(source),
      connection: { ...connection, close },
    });
  }

  function sweep(): void {
    connections.sweep();
    if (refused > 0) log.warn({ server: name, connections: refused }, 'too many connections: refused');
    refused = 0;
    callOff = clock.schedule(sweep, SWEEP_SECONDS);
  }

  let callOff = clock.schedule(sweep, SWEEP_SECONDS);
  return { accept, stop: () => callOff() };
}

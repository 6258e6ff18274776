/**
 * How many bytes are passed on to the servers inside in one turn of the event loop. Bun answers all requests of what it
 * reads at once: a thousand small ones in a row on each of many connections would hold everything else up.
 */
export interface Pump {
  /** So many of the bytes may go now. */
  take(bytes: number): number;
  /** Calls it when there is room again, in the order of asking. */
  later(goOn: () => void): void;
}

export interface PumpLimits {
  /** In one turn, of all connections. */
  readonly turn: number;
  /** In one turn, of one connection. */
  readonly piece: number;
}

const KIB = 1024;
/**
 * Some hundred requests with a signature. Bun ends a connection on a Unix socket once 278 answers of it are not read yet:
 * nobody but who means harm sends so many without waiting for one.
 */
const LIMITS: PumpLimits = { turn: 64 * KIB, piece: 16 * KIB };

export function createPump({ turn, piece }: PumpLimits = LIMITS): Pump {
  const waiting: (() => void)[] = [];
  let left = turn;
  let isRenewed = true;

  function renew(): void {
    left = turn;
    isRenewed = true;
    // Those that find no room once more are behind the others.
    for (const goOn of waiting.splice(0)) goOn();
  }

  function schedule(): void {
    if (!isRenewed) return;
    isRenewed = false;
    setImmediate(renew);
  }

  return {
    take(bytes) {
      const taken = Math.min(bytes, piece, left);
      left -= taken;
      if (taken > 0) schedule();
      return taken;
    },
    later(goOn) {
      waiting.push(goOn);
      schedule();
    },
  };
}

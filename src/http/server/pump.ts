import { onTimer, type Schedule } from '../../lib/async/index.ts';

/**
 * How many bytes are passed on to the servers inside in one turn of the event loop. Bun answers all requests of what it
 * reads at once: a thousand small ones in a row on each of many connections would hold everything else up.
 */
export interface Pump {
  /** For the connections of one source. */
  of(source: string): SourcePump;
}

export interface SourcePump {
  /** So many of the bytes may go now. */
  take(bytes: number): number;
  /** Calls it when there is room again: sources take turns, and so do the connections of each. */
  later(goOn: () => void): void;
}

export interface PumpLimits {
  /** In one turn, of all connections. */
  readonly turn: number;
  /** In one turn, of one connection. */
  readonly piece: number;
  /** So many milliseconds pass before the next turn where one was used up. */
  readonly restMs: number;
}

const KIB = 1024;
/**
 * Some hundred requests with a signature, and 30 MB a second, which are more requests than can be answered: bodies without
 * an end would have a processor for themselves. Bun ends a connection on a Unix socket once 278 answers of it are not read yet:
 * nobody but who means harm sends so many without waiting for one.
 */
const LIMITS: PumpLimits = { turn: 64 * KIB, piece: 16 * KIB, restMs: 2 };

export function createPump(limits: PumpLimits = LIMITS, after: Schedule = onTimer): Pump {
  const { turn, piece, restMs } = limits;
  /** Callers that wait, by source; the sources are in the order of their turns. */
  const waiting = new Map<string, (() => void)[]>();
  let left = turn;
  let isScheduled = false;

  function renew(): void {
    isScheduled = false;
    left = turn;
    while (left > 0 && callNext());
    if (waiting.size > 0) schedule();
  }

  function callNext(): boolean {
    const [next] = waiting;
    if (!next) return false;
    const [source, queue] = next;
    const goOn = queue.shift();
    waiting.delete(source);
    if (queue.length > 0) waiting.set(source, queue);
    goOn?.();
    return true;
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(endTurn);
  }

  function endTurn(): void {
    if (left > 0) renew();
    else after(renew, restMs / 1000);
  }

  function take(bytes: number): number {
    const taken = Math.min(bytes, piece, left);
    left -= taken;
    if (taken > 0) schedule();
    return taken;
  }

  function later(source: string, goOn: () => void): void {
    const queue = waiting.get(source);
    if (queue) queue.push(goOn);
    else waiting.set(source, [goOn]);
    schedule();
  }

  return { of: (source) => ({ take, later: (goOn) => later(source, goOn) }) };
}

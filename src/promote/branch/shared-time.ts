import { type AttemptTime, ownTurn } from '../../lib/async/index.ts';
import type { BranchUpdate } from './port.ts';

/** The time of all that share one piece of work. */
export interface SharedTime extends AttemptTime {
  /** These take part in it from now on. */
  join(more: readonly BranchUpdate[]): void;
  /** Call in `finally`: what listens to the time of an attempt is held as long as the process lives. */
  end(): void;
}

/** It ends when all of them have ended: one that is given up must not end the work of the others. */
export function shareTime(first: readonly BranchUpdate[]): SharedTime {
  const members: BranchUpdate[] = [];
  const controller = new AbortController();

  function check(): void {
    const last = members.at(-1);
    if (last && members.every(({ signal }) => signal?.aborted)) controller.abort(last.signal?.reason);
  }

  function join(more: readonly BranchUpdate[]): void {
    members.push(...more);
    for (const { signal } of more) signal?.addEventListener('abort', check, { once: true });
  }

  join(first);
  check();
  return {
    signal: controller.signal,
    received(bytes) {
      for (const { received } of members) received?.(bytes);
    },
    waiting: (turn) => members.reduce((all, member) => ownTurn(member, all), turn),
    join,
    end() {
      for (const { signal } of members) signal?.removeEventListener('abort', check);
    },
  };
}

import type { Clock } from '../../lib/async/index.ts';

/** A look that is taken again and again, one at a time. */
export interface RepeatedLook {
  /** Begins, unless it has begun; ends with the first look. */
  begin(): Promise<void>;
  /** Looks at once; a look that is under way serves. */
  now(): Promise<void>;
  /** Looks at once, unless the last look ended less than `apartMs` ago. */
  soon(): void;
  isUnderWay(): boolean;
  /** Reports whether a look has ended. */
  hasLooked(): boolean;
  /** Begins no further look; one that is under way goes on. */
  stop(): void;
  isStopped(): boolean;
}

export interface RepeatedLookTimings {
  readonly everyMs: number;
  /** The shortest time between two looks, however often `soon` is called. */
  readonly apartMs: number;
}

export function repeatLook(
  look: () => Promise<void>,
  { everyMs, apartMs }: RepeatedLookTimings,
  clock: Clock,
): RepeatedLook {
  let looking: Promise<void> | undefined;
  let lookedAt: number | undefined;
  let callOff: (() => void) | undefined;
  let isStopped = false;

  async function lookOnce(): Promise<void> {
    try {
      await look();
    } finally {
      lookedAt = clock.now();
      looking = undefined;
    }
  }

  function now(): Promise<void> {
    looking ??= lookOnce();
    return looking;
  }

  function soon(): void {
    if (isStopped || (lookedAt !== undefined && clock.now() - lookedAt < apartMs)) return;
    void now();
  }

  function repeat(): void {
    soon();
    callOff = clock.schedule(repeat, everyMs / 1000);
  }

  return {
    async begin() {
      if (!isStopped) callOff ??= clock.schedule(repeat, everyMs / 1000);
      if (lookedAt === undefined) await now();
    },
    now,
    soon,
    isUnderWay: () => looking !== undefined,
    hasLooked: () => lookedAt !== undefined,
    stop() {
      isStopped = true;
      callOff?.();
    },
    isStopped: () => isStopped,
  };
}

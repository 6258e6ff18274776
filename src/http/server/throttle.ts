/**
 * Bytes that came in on the connections of a listener and are not passed on yet. A socket gives up to 512 KiB at once, and
 * a thousand of them can do so in one turn of the event loop: beyond a limit no more is read until there is less.
 */
export interface Throttles {
  /** For the connections of one source. */
  create(): Throttle;
}

export interface Throttle {
  /** `pause` and `resume` say whether this connection may be read. */
  join(side: { pause(): void; resume(): void }): Share;
}

/** A connection's share of it. */
export interface Share {
  /** So many bytes of this connection are held now. */
  hold(bytes: number): void;
  leave(): void;
}

/** In bytes. */
export interface ThrottleLimits {
  /** Bytes of one source, beyond which nothing of that source is read. */
  readonly source: number;
  /** Bytes of all sources, beyond which only sources that hold little are read. */
  readonly crowded: number;
  /** Bytes up to which a source holds little. */
  readonly little: number;
  /** Bytes of all sources, beyond which nothing is read. */
  readonly full: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

const LIMITS: ThrottleLimits = { source: 2 * MIB, crowded: 4 * MIB, little: 64 * KIB, full: 8 * MIB };

type Level = 'open' | 'crowded' | 'full';

interface Member {
  readonly pause: () => void;
  readonly resume: () => void;
  held: number;
}

interface Source {
  /** Those that were read last come last. */
  readonly members: Set<Member>;
  held: number;
  isPaused: boolean;
}

export function createThrottles(limits: ThrottleLimits = LIMITS): Throttles {
  /** Those that were read last come last: when there is room again, those that waited longest are read first. */
  const sources = new Set<Source>();
  let total = 0;
  let level: Level = 'open';

  function change(source: Source, by: number): void {
    source.held += by;
    total += by;
    const before = level;
    level = levelAfter(before, total, limits);
    for (const one of level === before ? [source] : sources) apply(one);
  }

  function apply(source: Source): void {
    const mayHold = { open: limits.source, crowded: limits.little, full: -1 }[level];
    // It goes on at half of that: each change is one for all its connections.
    const isPaused = source.held > (source.isPaused ? mayHold / 2 : mayHold);
    if (isPaused === source.isPaused) return;
    source.isPaused = isPaused;
    for (const member of source.members) isPaused ? member.pause() : member.resume();
  }

  function moveToEnd(source: Source, member: Member): void {
    if (source.members.delete(member)) source.members.add(member);
    if (sources.delete(source)) sources.add(source);
  }

  function join(source: Source, { pause, resume }: Parameters<Throttle['join']>[0]): Share {
    const member: Member = { pause, resume, held: 0 };
    if (source.isPaused) pause();
    source.members.add(member);
    sources.add(source);
    apply(source);
    return {
      hold(bytes) {
        const by = bytes - member.held;
        member.held = bytes;
        if (by > 0) moveToEnd(source, member);
        if (by !== 0) change(source, by);
      },
      leave() {
        source.members.delete(member);
        if (source.members.size === 0) sources.delete(source);
        change(source, -member.held);
        member.held = 0;
      },
    };
  }

  return {
    create() {
      const source: Source = { members: new Set(), held: 0, isPaused: false };
      return { join: (side) => join(source, side) };
    },
  };
}

function levelAfter(before: Level, total: number, { crowded, full }: ThrottleLimits): Level {
  if (total > full || (before === 'full' && total > crowded)) return 'full';
  if (total > crowded || (before !== 'open' && total > crowded / 2)) return 'crowded';
  return 'open';
}

/**
 * What has come in on the connections of one source and is not passed on yet. A socket gives up to 512 KiB at once, and
 * a thousand of them can do so in one turn of the event loop: beyond a limit none of the source is read until there is
 * less. Others are read meanwhile.
 */
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

interface Member {
  readonly pause: () => void;
  readonly resume: () => void;
  held: number;
}

const MAX_BYTES = 8 * 1024 * 1024;

export function createThrottle(maxBytes: number = MAX_BYTES): Throttle {
  const members = new Set<Member>();
  let total = 0;
  let isFull = false;

  function change(by: number): void {
    total += by;
    if (!isFull && total > maxBytes) {
      isFull = true;
      for (const member of members) member.pause();
    } else if (isFull && total <= maxBytes / 2) {
      isFull = false;
      for (const member of members) member.resume();
    }
  }

  return {
    join({ pause, resume }) {
      const member: Member = { pause, resume, held: 0 };
      members.add(member);
      if (isFull) pause();
      return {
        hold(bytes) {
          const by = bytes - member.held;
          member.held = bytes;
          if (by !== 0) change(by);
        },
        leave() {
          members.delete(member);
          change(-member.held);
          member.held = 0;
        },
      };
    },
  };
}

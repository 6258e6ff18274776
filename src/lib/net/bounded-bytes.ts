/** Bytes that come in pieces from somebody who may send any number of them. */
export interface BoundedBytes {
  /** False where there are more than may be: as much as fits is kept then, the beginning of all. */
  add(piece: Uint8Array): boolean;
  /** Takes what has come since the last call. */
  take(): Uint8Array;
  /** Lets go of it. */
  clear(): void;
}

/** `keep` gets the pieces in the place of `take`, where they are not to be held as a whole. */
export function createBoundedBytes(maxBytes: number, keep?: (piece: Uint8Array) => void): BoundedBytes {
  let pieces: Uint8Array[] = [];
  let size = 0;

  function hold(piece: Uint8Array): void {
    if (keep) keep(piece);
    else pieces.push(piece);
  }

  function clear(): void {
    pieces = [];
    size = 0;
  }

  return {
    add(piece) {
      const room = maxBytes - size;
      size += piece.byteLength;
      if (piece.byteLength <= room) {
        hold(piece);
        return true;
      }
      if (room > 0) hold(piece.subarray(0, room));
      return false;
    },
    take() {
      const taken = joined(pieces);
      clear();
      return taken;
    },
    clear,
  };
}

/** One piece is not copied. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  return only && pieces.length === 1 ? only : Buffer.concat(pieces);
}

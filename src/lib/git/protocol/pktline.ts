/** Git's pkt-line framing: four hex digits of length, then the payload (gitprotocol-common). */

const FLUSH = '0000';
const LENGTH_DIGITS = 4;

/** Makes a line of the payload, with its length in front. */
export function pktLine(payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload);
  const length = (bytes.length + LENGTH_DIGITS).toString(16).padStart(LENGTH_DIGITS, '0');
  return Buffer.concat([Buffer.from(length), bytes]);
}

export const FLUSH_PKT: Buffer = Buffer.from(FLUSH);

/** Takes an answer apart while its bytes come; holds one line at most. */
export interface PktReader {
  /** Throws when the framing is broken. */
  push(chunk: Uint8Array): void;
  /** Throws when the last line is broken off. */
  end(): void;
}

const NOTHING = Buffer.alloc(0);

/** `take` gets each payload in turn, a view of what was pushed; a flush or delimiter is `null`. */
export function createPktReader(take: (payload: Buffer | null) => void): PktReader {
  let rest = NOTHING;
  return {
    push(chunk) {
      const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const bytes = rest.length === 0 ? view : Buffer.concat([rest, view]);
      let at = 0;
      while (bytes.length - at >= LENGTH_DIGITS) {
        const length = lengthAt(bytes, at);
        if (at + length > bytes.length) break;
        if (length < LENGTH_DIGITS) take(null);
        // A line without a payload needs no object, and there may be millions of them.
        else if (length === LENGTH_DIGITS) take(NOTHING);
        else take(bytes.subarray(at + LENGTH_DIGITS, at + length));
        at += Math.max(length, LENGTH_DIGITS);
      }
      rest = Buffer.from(bytes.subarray(at));
    },
    end() {
      if (rest.length > 0) throw brokenOff();
    },
  };
}

/** The same for an answer that is there as a whole. Throws when the framing is broken. */
export function readPktLines(bytes: Uint8Array, take: (payload: Buffer | null) => void): void {
  const reader = createPktReader(take);
  reader.push(bytes);
  reader.end();
}

function lengthAt(bytes: Buffer, at: number): number {
  let length = 0;
  for (let digit = at; digit < at + LENGTH_DIGITS; digit += 1) length = length * 16 + hexValue(bytes[digit]);
  return length;
}

function hexValue(digit = 0): number {
  if (digit >= 0x30 && digit <= 0x39) return digit - 0x30;
  const letter = (digit | 0x20) - 0x61;
  if (letter < 0 || letter > 5) throw brokenOff();
  return letter + 10;
}

function brokenOff(): Error {
  return new Error('a pkt-line is broken off');
}

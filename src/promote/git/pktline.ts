/** Git's pkt-line framing: four hex digits of length, then the payload (gitprotocol-common). */

const FLUSH = '0000';
const LENGTH_DIGITS = 4;

/** One line with its length in front. */
export function pktLine(payload: string): Buffer {
  const bytes = Buffer.from(payload);
  const length = (bytes.length + LENGTH_DIGITS).toString(16).padStart(LENGTH_DIGITS, '0');
  return Buffer.concat([Buffer.from(length), bytes]);
}

export const FLUSH_PKT: Buffer = Buffer.from(FLUSH);

/** The payloads; a flush or delimiter is `null`. Throws when the framing is broken. */
export function parsePktLines(bytes: Buffer): (Buffer | null)[] {
  const lines: (Buffer | null)[] = [];
  let at = 0;
  while (at < bytes.length) {
    const digits = bytes.toString('latin1', at, at + LENGTH_DIGITS);
    const length = Number.parseInt(digits, 16);
    if (!/^[0-9a-f]{4}$/i.test(digits) || at + length > bytes.length)
      throw new Error('a pkt-line is broken off');
    if (length < LENGTH_DIGITS) {
      lines.push(null);
      at += LENGTH_DIGITS;
      continue;
    }
    lines.push(bytes.subarray(at + LENGTH_DIGITS, at + length));
    at += length;
  }
  return lines;
}

/** What came on the side bands (gitprotocol-pack): 1 is the answer itself, 2 words for people, 3 a fatal error. */
export function splitSideBands(lines: readonly (Buffer | null)[]): { data: Buffer; words: string } {
  const band = (wanted: readonly number[]) =>
    Buffer.concat(lines.flatMap((line) => (line && wanted.includes(line[0] ?? 0) ? [line.subarray(1)] : [])));
  return { data: band([1]), words: band([2, 3]).toString('utf8') };
}

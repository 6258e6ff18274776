import { untilAborted } from '../../async/index.ts';
import { TurnpikeError } from '../../errors.ts';
import { createBoundedBytes } from '../../net/index.ts';

const NEWLINE = 0x0a;

/**
 * Reads a whole body of at most `maxBytes`; more is an error, so that nobody can fill the memory. What is left of one
 * that is given up is given back. `take` hears how many bytes have come, and may throw.
 */
export async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  signal?: AbortSignal | null,
  take: (bytes: number) => void = () => {},
): Promise<Uint8Array> {
  if (!body) return new Uint8Array();
  const reader = body.getReader();
  const bytes = createBoundedBytes(maxBytes);
  try {
    for (;;) {
      const { done, value } = await untilAborted(reader.read(), signal);
      if (done) return bytes.take();
      if (!bytes.add(value)) throw tooLarge('answer', maxBytes);
      take(value.byteLength);
    }
  } catch (error) {
    // Not awaited: what neither ends nor fails may not end then either.
    reader.cancel(error).catch(() => undefined);
    throw error;
  }
}

/**
 * Cuts a stream of bytes into lines, one at a time. Only the line that is not complete yet is kept, in
 * pieces, so that a long line costs its length once.
 */
export function createLineSplitter(maxBytes: number): { push(chunk: Uint8Array): string[] } {
  const decoder = new TextDecoder();
  const line = createBoundedBytes(maxBytes);

  function keep(piece: Uint8Array): void {
    if (!line.add(piece)) throw tooLarge('line', maxBytes);
  }

  function push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      keep(chunk.subarray(start, end));
      lines.push(decoder.decode(line.take()));
      start = end + 1;
    }
    if (start < chunk.byteLength) keep(chunk.subarray(start));
    return lines;
  }

  return { push };
}

function tooLarge(what: string, maxBytes: number): TurnpikeError {
  return new TurnpikeError(
    'ApiRefused',
    `The API server sent one ${what} of more than ${maxBytes} bytes; that is more than Turnpike reads.`,
  );
}

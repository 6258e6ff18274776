import { closeSync, openSync, writeSync } from 'node:fs';
import { asTurnpikeError, TurnpikeError } from '../../errors.ts';
import { adviceOf, type Remote, serverWords, unusable } from '../failure.ts';
import type { Transport } from '../transport.ts';
import { createPktReader, type PktReader } from './pktline.ts';
import { createDemultiplexer } from './side-band.ts';

export interface DownloadOptions {
  /** The file that the pack goes to, which must not exist. */
  readonly path: string;
  readonly maxPackBytes: number;
}

const MIB = 1024 * 1024;
const ROOM_FOR_WORDS = 16 * MIB;
/** Some lines for each generation of commits that is asked for. */
const MAX_LINES = 10_000;
const MAX_LINE_BYTES = 1_000;

/**
 * Asks for a pack (gitprotocol-pack, "Packfile Data") and writes it to a file as it comes. Gives the lines that the
 * server sends before it: `shallow …`, `NAK` and the like; a flush is `null`. Throws `GitTooLarge`, `GitRejected` with
 * the server's words when it refuses, and `GitUnavailable` for an answer that is not a pack.
 */
export async function downloadPack(
  transport: Transport,
  request: Uint8Array,
  { path, maxPackBytes }: DownloadOptions,
): Promise<(string | null)[]> {
  const { remote } = transport;
  const lines: (string | null)[] = [];
  const pack = createPackFile(path, remote, maxPackBytes);
  const bands = createDemultiplexer({
    data: pack.write,
    line(line) {
      if (lines.length >= MAX_LINES) throw new Error('it says too much before the pack');
      lines.push(line?.toString('latin1', 0, MAX_LINE_BYTES).trimEnd() ?? null);
    },
  });
  const answer = createAnswer(createPktReader(bands.take), remote, maxPackBytes);
  try {
    await transport.download(request, answer.take).catch((error) => {
      throw answer.failure() ?? error;
    });
    answer.end();
    pack.flush();
  } finally {
    pack.close();
  }
  const refusal = lines.find((line) => line?.startsWith('ERR '))?.slice('ERR '.length) ?? bands.error();
  if (refusal !== undefined) {
    const message = `${remote.name} does not serve what was requested.${serverWords(refusal, remote)}`;
    throw new TurnpikeError('GitRejected', message, { retry: 'backoff' });
  }
  if (pack.size() === 0)
    throw unusable(new Error(`it sent no pack.${serverWords(bands.words(), remote)}`), remote);
  return lines;
}

/** Takes the pieces of an answer, bounds them, and reports a broken one as an answer that cannot be used. */
function createAnswer(reader: PktReader, remote: Remote, maxPackBytes: number) {
  let failure: unknown;
  let received = 0;
  const orUnusable = (work: () => void) => {
    try {
      work();
    } catch (error) {
      throw isOfDisk(error) ? error : asTurnpikeError(error, (cause) => unusable(cause, remote));
    }
  };
  return {
    take(piece: Uint8Array): void {
      try {
        received += piece.length;
        // Words for people may come without an end, too.
        if (received > maxPackBytes * 2 + ROOM_FOR_WORDS) throw tooLarge(remote, maxPackBytes);
        orUnusable(() => reader.push(piece));
      } catch (error) {
        failure = error;
        throw error;
      }
    },
    end: () => orUnusable(reader.end),
    /** An error of `take`, which the transport would blame on the network. */
    failure: () => failure,
  };
}

/** Errors of the file system have a call; the store says what they mean. */
function isOfDisk(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

const BUFFER_BYTES = 256 * 1024;

/** Collects small pieces: a server may send a pack byte by byte. */
function createPackFile(path: string, remote: Remote, maxBytes: number) {
  const file = openSync(path, 'wx', 0o600);
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let [filled, size] = [0, 0];
  function flush(): void {
    writeAll(file, buffer.subarray(0, filled));
    filled = 0;
  }
  return {
    write(piece: Buffer) {
      size += piece.length;
      if (size > maxBytes) throw tooLarge(remote, maxBytes);
      if (filled + piece.length > buffer.length) flush();
      if (piece.length > buffer.length) writeAll(file, piece);
      else filled += piece.copy(buffer, filled);
    },
    flush,
    size: () => size,
    close: () => closeSync(file),
  };
}

function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

function tooLarge(remote: Remote, maxBytes: number): TurnpikeError {
  const message = `${remote.name} takes more than ${Math.floor(maxBytes / MIB)} MiB to be fetched: ${adviceOf(remote).size}.`;
  return new TurnpikeError('GitTooLarge', message);
}

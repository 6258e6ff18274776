import type { ClientChannel } from 'ssh2';
import { createDeadline } from '../../async/index.ts';
import { TurnpikeError } from '../../errors.ts';
import { type Remote, serverWords } from '../failure.ts';
import type { ExchangeBounds } from '../transport.ts';

/** A run of a Git service: it advertises first, takes one request, and answers it. */
export interface Exchange {
  /** Reads up to and with the first flush. */
  advertisement(): Promise<Buffer>;
  /** Hands out the answer to the request as it comes. */
  ask(request: Uint8Array, bounds: ExchangeBounds, take: (piece: Buffer) => void): Promise<void>;
  close(): void;
}

const MAX_STDERR = 4096;
/** Each pkt-line begins with its length. */
const LENGTH_DIGITS = 4;

export function createExchange(
  channel: ClientChannel,
  remote: Remote,
  advertised: ExchangeBounds,
  signal: AbortSignal,
): Exchange {
  const state = watch(channel);
  const read = (take: (chunk: Buffer) => boolean, bounds: ExchangeBounds) =>
    readFrom(channel, { remote, bounds, signal }, take);

  return {
    async advertisement() {
      const findEnd = createFlushFinder();
      const chunks: Buffer[] = [];
      let isWhole = false;
      await read((chunk) => {
        chunks.push(chunk);
        isWhole = findEnd(chunk);
        return isWhole;
      }, advertised);
      if (!isWhole) throw refusal(remote, state.words());
      return Buffer.concat(chunks);
    },
    async ask(request, bounds, take) {
      if (state.isClosed()) throw refusal(remote, state.words());
      const answer = read((chunk) => {
        take(chunk);
        return false;
      }, bounds);
      channel.end(request);
      await answer;
      if (!state.hasEnded())
        throw new TurnpikeError(
          'GitUnavailable',
          `${remote.name} closed the connection in the middle of its answer.`,
        );
    },
    close: () => channel.close(),
  };
}

/** Listens to a channel from the start: between two reads nothing else does. */
function watch(channel: ClientChannel) {
  const words: Buffer[] = [];
  let hasEnded = false;
  let isClosed = false;
  // An error without a listener would end the process.
  channel.on('error', () => undefined);
  channel.on('exit', () => {
    hasEnded = true;
  });
  channel.on('close', () => {
    isClosed = true;
  });
  channel.stderr.on('data', (bytes: Buffer) => {
    if (words.reduce((sum, one) => sum + one.length, 0) < MAX_STDERR) words.push(bytes);
  });
  return {
    hasEnded: () => hasEnded,
    isClosed: () => isClosed,
    /** The server's words to people. */
    words: () => Buffer.concat(words).toString('utf8'),
  };
}

interface Reading {
  readonly remote: Remote;
  readonly bounds: ExchangeBounds;
  readonly signal: AbortSignal;
}

/** Reads until `take` says that it is enough, or to the end. An error that it throws ends the run. */
async function readFrom(
  channel: ClientChannel,
  { remote, bounds, signal }: Reading,
  take: (chunk: Buffer) => boolean,
): Promise<void> {
  const { timeoutMs, idleTimeoutMs: idleMs, maxBytes } = bounds;
  const deadline = createDeadline({ timeoutMs, idleMs, signals: [signal] });
  let size = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const end = (error: unknown) => {
    reject(error);
    channel.off('data', hear);
    channel.close();
  };
  const hear = (chunk: Buffer) => {
    deadline.progress();
    size += chunk.length;
    if (size > maxBytes) return end(tooLarge(remote, maxBytes));
    try {
      if (take(chunk)) resolve();
    } catch (error) {
      end(error);
    }
  };
  channel.on('data', hear);
  channel.on('close', resolve);
  channel.on('error', reject);
  try {
    await deadline.race(promise);
  } finally {
    deadline.clear();
    channel.off('data', hear);
    channel.off('close', resolve);
    channel.off('error', reject);
  }
}

/** Reports of each chunk whether the first flush (`0000`) has ended in it. */
function createFlushFinder(): (chunk: Buffer) => boolean {
  let digits = '';
  /** Bytes of the present line that are still to come. */
  let left = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      const step = Math.min(left > 0 ? left : LENGTH_DIGITS - digits.length, chunk.length - at);
      if (left > 0) left -= step;
      else digits += chunk.toString('latin1', at, at + step);
      at += step;
      if (left > 0 || digits.length < LENGTH_DIGITS) continue;
      const length = Number.parseInt(digits, 16);
      digits = '';
      // The parser refuses what is not a pkt-line.
      if (!(length >= LENGTH_DIGITS)) return true;
      left = length - LENGTH_DIGITS;
    }
    return false;
  };
}

/** Git's own words, and those of hosts, for a repository that does not exist or may not be seen. */
const NOT_THERE =
  /not found|not exist|no such|not appear to be a git|denied|permission|not allowed|not enabled|unauthori[sz]ed/i;

function refusal(remote: Remote, said: string): TurnpikeError {
  const words = serverWords(said, remote);
  if (/read[- ]only|write access/i.test(said)) {
    const message = `${remote.name} lets this key read but not push: give it the right to write.${words}`;
    return new TurnpikeError('GitUnauthorized', message);
  }
  if (NOT_THERE.test(said)) {
    const message = `${remote.name} does not exist, or this key may not use it.${words}`;
    return new TurnpikeError('GitRepositoryNotFound', message);
  }
  return new TurnpikeError('GitUnavailable', `${remote.name} ended the connection.${words}`);
}

function tooLarge({ name }: Remote, limit: number): TurnpikeError {
  return new TurnpikeError('GitTooLarge', `${name} answered with more than ${limit} bytes.`);
}

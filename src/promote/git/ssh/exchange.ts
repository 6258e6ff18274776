import type { ClientChannel } from 'ssh2';
import { TurnpikeError } from '../../../api/errors.ts';
import { createDeadline } from '../../deadline.ts';
import { type Remote, serverWords } from '../failure.ts';

/** One run of a Git service: it advertises first, takes one request, and answers it. */
export interface Exchange {
  /** Up to and with the first flush. */
  advertisement(): Promise<Buffer>;
  /** The answer to the request, as a whole. */
  ask(request: Uint8Array): Promise<Buffer>;
  close(): void;
}

export interface ExchangeBounds {
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxBytes: number;
}

const MAX_STDERR = 4096;
const FLUSH_LENGTH = 4;

export function createExchange(
  channel: ClientChannel,
  remote: Remote,
  bounds: { readonly advertisement: ExchangeBounds; readonly call: ExchangeBounds },
  signal: AbortSignal,
): Exchange {
  const words: Buffer[] = [];
  let hasEnded = false;
  channel.on('exit', () => {
    hasEnded = true;
  });
  channel.stderr.on('data', (bytes: Buffer) => {
    if (words.reduce((sum, one) => sum + one.length, 0) < MAX_STDERR) words.push(bytes);
  });

  /** Reads until `isDone` says how much is enough, or to the end. */
  async function read(isDone: (chunk: Buffer) => boolean, limits: ExchangeBounds): Promise<Buffer> {
    const { timeoutMs, idleTimeoutMs: idleMs, maxBytes } = limits;
    const deadline = createDeadline({ timeoutMs, idleMs, signal });
    const chunks: Buffer[] = [];
    let size = 0;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const take = (chunk: Buffer) => {
      deadline.progress();
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) reject(tooLarge(remote, maxBytes));
      else if (isDone(chunk)) resolve();
    };
    channel.on('data', take);
    channel.on('close', resolve);
    channel.on('error', reject);
    try {
      await deadline.race(promise);
      return Buffer.concat(chunks);
    } finally {
      deadline.clear();
      channel.off('data', take);
      channel.off('close', resolve);
      channel.off('error', reject);
    }
  }

  return {
    async advertisement() {
      const findEnd = createFlushFinder();
      let isWhole = false;
      const bytes = await read((chunk) => {
        isWhole = findEnd(chunk);
        return isWhole;
      }, bounds.advertisement);
      if (!isWhole) throw refusal(remote, Buffer.concat(words).toString('utf8'));
      return bytes;
    },
    async ask(request) {
      const answer = read(() => false, bounds.call);
      channel.end(request);
      const bytes = await answer;
      if (!hasEnded)
        throw new TurnpikeError('GitUnavailable', `${remote.name} broke off in the middle of its answer.`);
      return bytes;
    },
    close: () => channel.close(),
  };
}

/** Says of each chunk whether the first flush (`0000`) has ended in it. */
function createFlushFinder(): (chunk: Buffer) => boolean {
  let rest: Buffer = Buffer.alloc(0);
  let skip = 0;
  return (chunk) => {
    let at = Math.min(skip, chunk.length);
    skip -= at;
    let bytes = Buffer.concat([rest, chunk.subarray(at)]);
    at = 0;
    while (bytes.length - at >= FLUSH_LENGTH) {
      const length = Number.parseInt(bytes.toString('latin1', at, at + FLUSH_LENGTH), 16);
      if (length === 0) return true;
      // What is no pkt-line is for the parser to refuse.
      if (!(length >= FLUSH_LENGTH)) return true;
      const end = at + length;
      if (end > bytes.length) {
        skip = end - bytes.length;
        bytes = Buffer.alloc(0);
        at = 0;
        break;
      }
      at = end;
    }
    rest = bytes.subarray(at);
    return false;
  };
}

function refusal(remote: Remote, said: string): TurnpikeError {
  const words = serverWords(said, remote);
  if (/not found|not exist|no such|denied|permission|not allowed|not enabled|unauthori[sz]ed/i.test(said)) {
    const message = `${remote.name} does not exist, or this key may not use it.${words}`;
    return new TurnpikeError('GitRepositoryNotFound', message, { retry: 'never' });
  }
  return new TurnpikeError('GitUnavailable', `${remote.name} ended the connection.${words}`);
}

function tooLarge({ name }: Remote, limit: number): TurnpikeError {
  return new TurnpikeError('GitTooLarge', `${name} answered with more than ${limit} bytes.`, {
    retry: 'never',
  });
}

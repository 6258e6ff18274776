import * as v from 'valibot';
import { createDeadline } from '../../async/index.ts';
import { asTurnpikeError, TurnpikeError } from '../../errors.ts';
import { parseFirst } from '../../first-fault.ts';
import { createLineSplitter } from '../client/body.ts';
import { parseStatus, statusError } from '../client/status.ts';
import type { KubeClient } from '../client/transport.ts';

/** An event of a watch; `object` is as the API server sent it. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: unknown;
}

export interface WatchRequest {
  readonly path: string;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion: string;
  /** The server ends the watch after this many seconds. */
  readonly timeoutSeconds: number;
  /** Nothing heard for this long, not even a bookmark: the connection is taken for dead. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: WatchEvent) => void;
}

/** Objects in etcd are at most 1.5 MiB; JSON may blow them up. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

const Line = v.object({
  type: v.picklist(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: v.unknown(),
});

/**
 * Follows one watch until the server ends it, which is normal, or the signal fires.
 * @throws TurnpikeError ApiGone when the version is too old to resume from, ApiUnavailable for all that a
 * new attempt may cure
 */
export async function followWatch(client: KubeClient, request: WatchRequest): Promise<void> {
  const silence = createSilence(request.silenceMs, request.signal);
  try {
    const stream = await client.stream({
      path: request.path,
      query: watchQuery(request),
      signal: silence.signal,
    });
    await readEvents(stream, silence, request.onEvent);
  } catch (error) {
    if (request.signal.aborted) return;
    throw silence.tooLong() ? silenceError(request) : asTurnpikeError(error, brokenOff(request));
  } finally {
    silence.release();
  }
}

function watchQuery(request: WatchRequest): Record<string, string> {
  return {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: request.resourceVersion,
    timeoutSeconds: String(Math.round(request.timeoutSeconds)),
    ...(request.fieldSelector && { fieldSelector: request.fieldSelector }),
  };
}

async function readEvents(
  stream: ReadableStream<Uint8Array>,
  silence: Silence,
  onEvent: WatchRequest['onEvent'],
): Promise<void> {
  const reader = stream.getReader();
  const lines = createLineSplitter(MAX_LINE_BYTES);
  const take = (line: string) => {
    if (line !== '') onEvent(parseLine(line));
  };
  silence.attach(() => reader.cancel());
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (silence.tooLong()) throw new Error('The watch was silent.');
      if (done || silence.ended()) return;
      silence.heard();
      lines.push(value).forEach(take);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function parseLine(line: string): WatchEvent {
  const { type, object } = parseFirst(Line, JSON.parse(line));
  if (type !== 'ERROR') return { type, object };
  const status = parseFirst(v.object({ code: v.optional(v.number(), 500) }), object);
  throw statusError(parseStatus(status.code, JSON.stringify(object), null), 'watch');
}

function brokenOff({ path }: WatchRequest) {
  return (cause: unknown) =>
    new TurnpikeError('ApiUnavailable', `The watch of ${path} broke off.`, { cause });
}

function silenceError(request: WatchRequest): TurnpikeError {
  return new TurnpikeError(
    'ApiUnavailable',
    `The watch of ${request.path} was silent for ${request.silenceMs} ms; it is started again.`,
  );
}

/** Ends a watch that says nothing any more, or when the outer signal fires. */
interface Silence {
  /** For the request, until the answer begins. */
  readonly signal: AbortSignal;
  heard(): void;
  ended(): boolean;
  tooLong(): boolean;
  /** From now on the stream is cancelled, which gives back its buffers; aborting alone does not. */
  attach(cancel: () => Promise<void>): void;
  release(): void;
}

function createSilence(ms: number, outer: AbortSignal): Silence {
  const opening = new AbortController();
  const deadline = createDeadline({ idleMs: ms, signals: [outer] });
  let cancel: (() => Promise<void>) | undefined;

  function stop(): void {
    if (cancel) cancel().catch(() => undefined);
    else opening.abort();
  }
  if (deadline.signal.aborted) stop();
  deadline.signal.addEventListener('abort', stop, { once: true });

  return {
    signal: opening.signal,
    heard: deadline.progress,
    ended: () => deadline.signal.aborted,
    tooLong: deadline.expired,
    attach: (given) => {
      cancel = given;
    },
    release: deadline.clear,
  };
}

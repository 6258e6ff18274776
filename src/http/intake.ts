/** The bodies of requests that are under way, within what callers may hold of our memory. */
export interface Intake {
  /** Undefined: this source has too many requests under way. */
  open(source: string): Held | undefined;
}

/** What one request may hold. */
export interface Held {
  /** The exact bytes of the body, or why they are not read. */
  read(request: Request, maxBytes: number): Promise<Uint8Array | Unread>;
  /** Call when the request is over. */
  close(): void;
}

/** `no-room`: others hold too much; `broken-off`: the caller has hung up. */
export type Unread = 'too-large' | 'too-slow' | 'no-room' | 'broken-off';

export interface IntakeLimits {
  /** Bytes of all bodies. */
  readonly total: number;
  /** Bytes of the bodies of one source: one notification-controller speaks for thousands of applications. */
  readonly source: number;
  /** Requests of one source. */
  readonly requests: number;
  /** For a whole body. */
  readonly seconds: number;
}

const MIB = 1024 * 1024;

export const INTAKE: IntakeLimits = { total: 48 * MIB, source: 16 * MIB, requests: 1_024, seconds: 10 };

/** A body that says it is smaller is counted before it comes, and read at once. */
const SMALL = 64 * 1024;

interface Account {
  requests: number;
  bytes: number;
}

export function createIntake(limits: IntakeLimits = INTAKE): Intake {
  const accounts = new Map<string, Account>();
  let total = 0;

  function open(source: string): Held | undefined {
    const account = accounts.get(source) ?? { requests: 0, bytes: 0 };
    if (account.requests >= limits.requests) return undefined;
    account.requests += 1;
    accounts.set(source, account);
    let held = 0;
    /** Whether there is room for so many bytes more. */
    function take(bytes: number): boolean {
      if (total + bytes > limits.total || account.bytes + bytes > limits.source) return false;
      held += bytes;
      account.bytes += bytes;
      total += bytes;
      return true;
    }
    return {
      read: (request, maxBytes) => read(request, { maxBytes, take, seconds: limits.seconds }),
      close() {
        total -= held;
        account.bytes -= held;
        account.requests -= 1;
        if (account.requests === 0) accounts.delete(source);
      },
    };
  }

  return { open };
}

interface Reading {
  readonly maxBytes: number;
  readonly seconds: number;
  readonly take: (bytes: number) => boolean;
}

async function read(request: Request, reading: Reading): Promise<Uint8Array | Unread> {
  const declared = request.headers.get('content-length');
  const size = declared === null ? undefined : Number(declared);
  if (size !== undefined && size > reading.maxBytes) return 'too-large';
  if (!request.body) return new Uint8Array();
  const isSmall = size !== undefined && size <= SMALL;
  if (isSmall && !reading.take(size)) return 'no-room';
  const bytes = isSmall ? request.bytes() : collected(request.body, reading);
  try {
    // Most bodies are there with their headers, and need no timer.
    return Bun.peek.status(bytes) === 'fulfilled' ? await bytes : await inTime(bytes, reading.seconds);
  } catch {
    return 'broken-off';
  }
}

/** Asks for room as the bytes come: what is declared may never come. */
async function collected(
  body: ReadableStream<Uint8Array>,
  { maxBytes, take, seconds }: Reading,
): Promise<Uint8Array | Unread> {
  const reader = body.getReader();
  const end = performance.now() + seconds * 1000;
  const chunks: Uint8Array[] = [];
  let [size, problem]: [number, Unread | undefined] = [0, undefined];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    size += value.byteLength;
    if (size > maxBytes) problem = 'too-large';
    else if (performance.now() > end) problem = 'too-slow';
    else if (!take(value.byteLength)) problem = 'no-room';
    if (problem) break;
    chunks.push(value);
  }
  await reader.cancel();
  return problem ?? 'broken-off';
}

async function inTime<T>(work: Promise<T>, seconds: number): Promise<T | Unread> {
  const { promise, resolve } = Promise.withResolvers<Unread>();
  const timer = setTimeout(() => resolve('too-slow'), seconds * 1000);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    // Nobody waits for it any more.
    work.catch(() => undefined);
  }
}

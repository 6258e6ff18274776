import { onTimer, type Schedule } from '../../lib/async/index.ts';
import { createBoundedBytes } from '../../lib/net/index.ts';

/** The bodies of requests that are under way, within what callers may hold of our memory. */
export interface Intake {
  /** Undefined: this source has too many requests under way. */
  open(source: string): Held | undefined;
}

/** Bytes that one request may hold. */
export interface Held {
  /** The exact bytes of the body, or why they are not read. */
  read(request: Request, maxBytes: number): Promise<Uint8Array | Unread>;
  /** Gives back what the body takes, which nobody needs any more. */
  release(): void;
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

const KIB = 1024;
const MIB = 1024 * KIB;

export const INTAKE: IntakeLimits = { total: 32 * MIB, source: 16 * MIB, requests: 1_024, seconds: 10 };

/**
 * A body that says it is smaller, as an event of Flux does, is counted before it comes, and read at once: all requests
 * of a source together do not reach its limit so. It gives way to others once no larger one can.
 */
export const SMALL_BODY: number = 8 * KIB;
/** Bytes that a piece of a body takes besides its own: one that comes byte by byte is many pieces. */
const PIECE = 256;

interface Account {
  requests: number;
  bytes: number;
  /** Bodies that hold something and are not whole yet, the oldest first. */
  readonly unfinished: Record<Size, Set<Unfinished>>;
}

type Size = 'large' | 'small';

interface Unfinished {
  /** Gives its bytes back. */
  breakOff(): void;
}

export function createIntake(limits: IntakeLimits = INTAKE, schedule: Schedule = onTimer): Intake {
  const accounts = new Map<string, Account>();
  const room = createRoom(limits, accounts);
  const limitTime = (giveUp: () => void) => schedule(giveUp, limits.seconds);

  function open(source: string): Held | undefined {
    const account = accounts.get(source) ?? createAccount();
    if (account.requests >= limits.requests) return undefined;
    account.requests += 1;
    accounts.set(source, account);
    const { take, begin, release } = createHolding(account, room);
    return {
      read: (request, maxBytes) => read(request, { maxBytes, take, begin, limitTime }),
      release,
      close() {
        release();
        account.requests -= 1;
        if (account.requests === 0) accounts.delete(source);
      },
    };
  }

  return { open };
}

/** The bytes that all sources together hold. */
interface Room {
  /** Tells whether there is room for so many bytes more of this source; breaks off bodies of others to make it. */
  isFor(account: Account, bytes: number): boolean;
  hold(account: Account, bytes: number): void;
}

function createRoom(limits: IntakeLimits, accounts: ReadonlyMap<string, Account>): Room {
  let total = 0;

  /** Breaks off the oldest body of the source that holds most, where that is more than the one in need would hold. */
  function makeRoom(wanted: number, size: Size): boolean {
    let most: Account | undefined;
    for (const account of accounts.values()) {
      if (account.unfinished[size].size > 0 && account.bytes > (most?.bytes ?? wanted)) most = account;
    }
    const [oldest] = most?.unfinished[size] ?? [];
    oldest?.breakOff();
    return oldest !== undefined;
  }

  return {
    isFor(account, bytes) {
      const wanted = account.bytes + bytes;
      if (wanted > limits.source) return false;
      while (total + bytes > limits.total) {
        if (!makeRoom(wanted, 'large') && !makeRoom(wanted, 'small')) return false;
      }
      return true;
    },
    hold(account, bytes) {
      account.bytes += bytes;
      total += bytes;
    },
  };
}

/** The room that one request holds. */
function createHolding(account: Account, room: Room) {
  let held = 0;
  /** Its first bytes let it count as unfinished. */
  let onHeld = () => {};

  function hold(bytes: number): void {
    held += bytes;
    room.hold(account, bytes);
  }

  function take(bytes: number): boolean {
    if (!room.isFor(account, bytes)) return false;
    hold(bytes);
    onHeld();
    return true;
  }

  function begin(size: Size, stop: (why: Unread) => void): () => void {
    const unfinished = account.unfinished[size];
    const body: Unfinished = {
      breakOff() {
        unfinished.delete(body);
        hold(-held);
        stop('no-room');
      },
    };
    onHeld = () => unfinished.add(body);
    if (held > 0) onHeld();
    return () => {
      onHeld = () => {};
      unfinished.delete(body);
    };
  }

  return { take, begin, release: () => hold(-held) };
}

function createAccount(): Account {
  return { requests: 0, bytes: 0, unfinished: { large: new Set(), small: new Set() } };
}

interface Reading {
  readonly maxBytes: number;
  /** Calls it when the time of a body is up. Call what comes back when the body is whole. */
  readonly limitTime: (giveUp: () => void) => () => void;
  readonly take: (bytes: number) => boolean;
  /** `stop` is called when others need its room. Call what comes back when the body is whole. */
  readonly begin: (size: Size, stop: (why: Unread) => void) => () => void;
}

async function read(request: Request, reading: Reading): Promise<Uint8Array | Unread> {
  const declared = request.headers.get('content-length');
  const size = declared === null ? undefined : Number(declared);
  if (size !== undefined && size > reading.maxBytes) return 'too-large';
  if (!request.body) return new Uint8Array();
  const isSmall = size !== undefined && size <= SMALL_BODY;
  if (isSmall && !reading.take(size)) return 'no-room';
  try {
    return isSmall ? await inTime(request.bytes(), reading) : await collected(request.body, reading);
  } catch {
    return 'broken-off';
  }
}

/** Asks for room as the bytes come: what is declared may never come. */
async function collected(body: ReadableStream<Uint8Array>, reading: Reading): Promise<Uint8Array | Unread> {
  const reader = body.getReader();
  const bytes = createBoundedBytes(reading.maxBytes);
  let problem: Unread | undefined;
  function stop(why: Unread): void {
    problem ??= why;
    bytes.clear();
    reader.cancel().catch(() => undefined);
  }
  const end = reading.begin('large', stop);
  const callOff = reading.limitTime(() => stop('too-slow'));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (problem) return problem;
      if (done) return bytes.take();
      if (!bytes.add(value)) stop('too-large');
      else if (!reading.take(value.byteLength + PIECE)) stop('no-room');
    }
  } finally {
    callOff();
    end();
  }
}

async function inTime(work: Promise<Uint8Array>, reading: Reading): Promise<Uint8Array | Unread> {
  // Most bodies are there with their headers, and need no timer.
  if (Bun.peek.status(work) === 'fulfilled') return work;
  const { promise, resolve } = Promise.withResolvers<Unread>();
  const end = reading.begin('small', resolve);
  const callOff = reading.limitTime(() => resolve('too-slow'));
  try {
    return await Promise.race([work, promise]);
  } finally {
    callOff();
    end();
    // Nobody waits for it any more.
    work.catch(() => undefined);
  }
}

import { onTimer, type Schedule } from '../lib/async/index.ts';
import { errorMessage, TurnpikeError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';

/**
 * Sends in the background what must not delay its caller. What fails is tried again a few times and then logged:
 * nothing is lost without a line that says what and why.
 */
export interface Outbox {
  add(message: Message): void;
  /** Gives what is due a moment and gives up the rest; returns how many these are. */
  stop(): Promise<number>;
}

export interface Message {
  /** Sending it twice must be the same as sending it once. */
  readonly send: (signal: AbortSignal) => Promise<unknown>;
  /** For the log. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The line in the log when it is given up: what is lost, and what to do. */
  readonly lost: string;
}

export interface OutboxDeps {
  readonly log: Logger;
  /** Default: a timer. */
  readonly schedule?: Schedule;
}

/** About two minutes in all: a receiver that is rolled out anew is back by then. */
export const RETRY_SECONDS = [2, 8, 20, 40, 50] as const;
export const MAX_WAITING = 1_000;
/** Messages that are sent at the same time; a receiver that hangs keeps no more than these. */
const MAX_SENDING = 16;
const STOP_SECONDS = 2;

interface Entry {
  readonly message: Message;
  failures: number;
  isSending: boolean;
  /** Calls the next attempt off. */
  cancel?: () => void;
}

export function createOutbox({ log, schedule = onTimer }: OutboxDeps): Outbox {
  const entries = createEntries(log);
  const ended = new AbortController();
  const idle = Promise.withResolvers<void>();
  let sending = 0;
  let stopping = false;

  function sendDue(): void {
    for (const entry of entries.due) {
      if (sending >= MAX_SENDING || ended.signal.aborted) break;
      entries.due.delete(entry);
      void send(entry);
    }
    if (stopping && entries.due.size === 0 && sending === 0) idle.resolve();
  }

  async function send(entry: Entry): Promise<void> {
    sending += 1;
    entry.isSending = true;
    let error: unknown;
    try {
      await entry.message.send(ended.signal);
      entries.open.delete(entry);
    } catch (cause) {
      error = cause;
    }
    sending -= 1;
    entry.isSending = false;
    if (entries.open.has(entry)) retry(entry, error);
    sendDue();
  }

  function retry(entry: Entry, cause: unknown): void {
    if (stopping) return;
    const error = errorMessage(cause);
    const isRefused = cause instanceof TurnpikeError && cause.retry === 'never';
    const seconds = isRefused ? undefined : RETRY_SECONDS[entry.failures];
    entry.failures += 1;
    if (seconds === undefined) {
      entries.giveUp(entry, error);
      return;
    }
    log.debug({ ...entry.message.fields, error, seconds }, 'message not sent, retrying');
    entry.cancel = schedule(() => {
      entries.due.add(entry);
      sendDue();
    }, seconds);
    entries.bound(sending);
  }

  return {
    add(message) {
      const entry: Entry = { message, failures: 0, isSending: false };
      if (ended.signal.aborted) {
        entries.giveUp(entry, 'Turnpike stops.');
        return;
      }
      entries.add(entry);
      entries.bound(sending);
      sendDue();
    },
    async stop() {
      stopping = true;
      for (const { cancel } of entries.open) cancel?.();
      const callOff = schedule(idle.resolve, STOP_SECONDS);
      sendDue();
      await idle.promise;
      callOff();
      ended.abort();
      return entries.clear();
    },
  };
}

function createEntries(log: Logger) {
  /** All that are not sent yet, the oldest first. */
  const open = new Set<Entry>();
  const due = new Set<Entry>();

  function giveUp(entry: Entry, error: string): void {
    entry.cancel?.();
    open.delete(entry);
    due.delete(entry);
    const { fields, lost } = entry.message;
    log.warn({ ...fields, error, failures: entry.failures }, lost);
  }

  return {
    open,
    due,
    giveUp,
    add(entry: Entry): void {
      open.add(entry);
      due.add(entry);
    },
    /** Gives up the oldest that waits where more wait than may. */
    bound(sending: number): void {
      if (open.size - sending <= MAX_WAITING) return;
      const oldest = open.values().find(({ isSending }) => !isSending);
      if (oldest) giveUp(oldest, `More than ${MAX_WAITING} messages are waiting.`);
    },
    /** Returns how many were left. */
    clear(): number {
      const count = open.size;
      open.clear();
      due.clear();
      return count;
    },
  };
}

import {
  createSlots,
  inBackground,
  putBounded,
  type Schedule,
  type Turn,
  type Turns,
  untilAborted,
  type Waiting,
} from '../async/index.ts';

/**
 * Opens keys with a passphrase, for any use: one at a time, since each takes up to seconds of computing and some of
 * them 65 MB for that long. Tenants take turns.
 */
export interface KeyLane {
  /** `turn` throws the signal's reason. */
  run<T>(open: (turn: Turn) => Promise<T>, signal: AbortSignal, tenant: string | undefined): Promise<T>;
}

/** A caller that waits for a key. */
export interface Asker {
  readonly signal?: AbortSignal | undefined;
  readonly waiting?: Waiting | undefined;
  readonly tenant?: string | undefined;
}

export function createKeyLane(turns: Turns): KeyLane {
  const slots = createSlots(1);
  return {
    async run(open, signal, tenant) {
      const giveBack = await slots.take(signal, tenant);
      const turn = turns.job();
      try {
        return await open(async (tokens) => {
          await turn(tokens);
          signal.throwIfAborted();
        });
      } finally {
        giveBack();
      }
    },
  };
}

/** A passphrase takes up to half a second of computing, and many pushes use one key. */
const KEPT_SECONDS = 300;
const MAX_KEPT = 100;

interface Opening<Key> {
  readonly key: Promise<Key>;
  readonly controller: AbortController;
  askers: number;
}

/** Gives the key of an id, opened once for all who ask for it within some minutes. */
export type OpenedKeys<Key> = (id: string, open: (turn: Turn) => Promise<Key>, asker: Asker) => Promise<Key>;

/** Stops opening a key that no caller waits for any more, and tries again one that could not be opened. */
export function createOpenedKeys<Key>(lane: KeyLane, schedule: Schedule = inBackground): OpenedKeys<Key> {
  const kept = new Map<string, Opening<Key>>();

  function begin(id: string, open: (turn: Turn) => Promise<Key>, { tenant }: Asker): Opening<Key> {
    const controller = new AbortController();
    const opening = { key: lane.run(open, controller.signal, tenant), controller, askers: 0 };
    const forget = () => {
      if (kept.get(id) === opening) kept.delete(id);
    };
    putBounded(kept, id, opening, MAX_KEPT);
    controller.signal.addEventListener('abort', forget, { once: true });
    opening.key.then(() => {
      controller.signal.removeEventListener('abort', forget);
      schedule(forget, KEPT_SECONDS);
    }, forget);
    return opening;
  }

  return async (id, open, asker) => {
    const { signal, waiting = (turn) => turn } = asker;
    signal?.throwIfAborted();
    const opening = kept.get(id) ?? begin(id, open, asker);
    opening.askers += 1;
    try {
      return await waiting(untilAborted(opening.key, signal));
    } finally {
      opening.askers -= 1;
      if (opening.askers === 0 && signal?.aborted) opening.controller.abort(signal.reason);
    }
  };
}

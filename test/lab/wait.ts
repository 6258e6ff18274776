import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Seconds until the wait counts as a failure; default: 30. */
  readonly seconds?: number;
  /** Milliseconds between two looks; default: 100. */
  readonly everyMs?: number;
}

/** The result of a check: `done` ends the wait, anything else is what the failure will report. */
export type Seen<T> = { readonly done: T } | { readonly saw: unknown };

/**
 * Looks again and again until `check` answers `{done}`, and returns that. A check that throws has seen
 * its error. The failure says what was waited for, for how long, and what was seen last.
 */
export async function waitFor<T>(
  what: string,
  check: () => Promise<Seen<T>> | Seen<T>,
  { seconds = 30, everyMs = 100 }: WaitOptions = {},
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await look(check);
    if ('done' in seen) return seen.done;
    if (performance.now() > deadline) {
      throw new Error(`waited ${seconds} s for ${what}; last seen: ${show(seen.saw)}`);
    }
    await sleep(everyMs);
  }
}

/** The shorter form for a plain yes or no. */
export async function waitUntil(
  what: string,
  check: () => Promise<boolean> | boolean,
  options: WaitOptions = {},
): Promise<void> {
  await waitFor(what, async () => ((await check()) ? { done: true } : { saw: 'not yet' }), options);
}

async function look<T>(check: () => Promise<Seen<T>> | Seen<T>): Promise<Seen<T>> {
  try {
    return await check();
  } catch (error) {
    return { saw: error };
  }
}

function show(value: unknown): string {
  if (value instanceof Error) return value.message;
  if (typeof value === 'string') return value;
  return JSON.stringify(value) ?? String(value);
}

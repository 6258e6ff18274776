/** Answers of the API server that serve for a while: one question at a time for each key, and so many answers. */
export interface ShortMemory<T> {
  /** The last answer, else what `ask` brings; a failure is not kept. */
  get(key: string, ask: () => Promise<T>): Promise<T>;
}

export interface ShortMemoryOptions<T> {
  /** In milliseconds. */
  readonly keptMs: (answer: T) => number;
  readonly maxKnown: number;
  readonly now: () => Date;
}

export function createShortMemory<T>({ keptMs, maxKnown, now }: ShortMemoryOptions<T>): ShortMemory<T> {
  const known = new Map<string, { readonly answer: T; readonly until: number }>();
  const asking = new Map<string, Promise<T>>();

  function keep(key: string, answer: T): T {
    if (known.size >= maxKnown) known.clear();
    known.set(key, { answer, until: now().getTime() + keptMs(answer) });
    return answer;
  }

  return {
    async get(key, ask) {
      const last = known.get(key);
      if (last && now().getTime() < last.until) return last.answer;
      const running = asking.get(key);
      if (running) return running;
      const asked = ask()
        .then((answer) => keep(key, answer))
        .finally(() => asking.delete(key));
      asking.set(key, asked);
      return asked;
    },
  };
}

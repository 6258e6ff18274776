import type { Soon } from './soon.ts';

/** Budget of questions to a server for one piece of work: so many, and so long in all. */
export interface LookupBudget {
  /**
   * The answer; undefined when it does not come in time. Nothing is asked any more once the time or the number is
   * used up.
   */
  ask<T>(question: () => Soon<T>): Soon<T | undefined>;
  /** Call when the work is over. */
  end(): void;
}

export interface LookupLimits {
  readonly questions: number;
  /** From the first question on whose answer has to be waited for. */
  readonly milliseconds: number;
}

/** Less than the five seconds that an API server waits for a webhook. */
const LIMITS: LookupLimits = { questions: 400, milliseconds: 2000 };

export function createLookupBudget({ questions, milliseconds }: LookupLimits = LIMITS): LookupBudget {
  const late = Promise.withResolvers<undefined>();
  let timer: Timer | undefined;
  let asked = 0;
  let isOver = false;

  function stop(): void {
    isOver = true;
    late.resolve(undefined);
  }

  return {
    ask(question) {
      if (isOver || asked >= questions) return undefined;
      const answer = question();
      if (!(answer instanceof Promise)) return answer;
      asked += 1;
      timer ??= setTimeout(stop, milliseconds);
      return Promise.race([answer, late.promise]);
    },
    end() {
      clearTimeout(timer);
      stop();
    },
  };
}

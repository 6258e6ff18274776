import { formatRows, type Printer } from './print.ts';

interface Step {
  readonly title: string;
  readonly seconds: number;
  readonly result: string;
}

const FAILED = 'FAILED';

export interface Steps {
  /** Does a part of the demo under its title; `conclude` sums up the result in a few words. */
  run<T>(title: string, work: (conclude: (result: string) => void) => Promise<T>): Promise<T>;
  /** The title of the step that failed. */
  failed(): string | undefined;
  /** All steps until now as a table: step, took, result. */
  table(): string;
}

export function createSteps(print: Printer): Steps {
  const done: Step[] = [];

  async function run<T>(title: string, work: (conclude: (result: string) => void) => Promise<T>): Promise<T> {
    const started = print.seconds();
    let result = 'done';
    print.title(title);
    try {
      return await work((text) => {
        result = text;
      });
    } catch (error) {
      result = FAILED;
      throw error;
    } finally {
      done.push({ title, seconds: print.seconds() - started, result });
    }
  }

  function table(): string {
    const rows = done.map(({ title, seconds, result }) => [title, `${seconds.toFixed(1)} s`, result]);
    return formatRows(
      [['step', 'took', 'result'], ...rows, ['in all', `${print.seconds().toFixed(1)} s`, '']],
      [1],
    );
  }

  return { run, table, failed: () => done.find(({ result }) => result === FAILED)?.title };
}

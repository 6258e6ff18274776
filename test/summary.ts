export interface Summary {
  readonly passed: number;
  readonly failed: number;
}

/** More than the closing lines of `bun test` ever need, in characters. */
export const TAIL_LENGTH = 4000;

/**
 * Reads the counts from the end of what `bun test` wrote to standard error: lines such as ` 12 pass` and
 * ` 1 fail`, where a file that could not be loaded counts as a failure. Whatever ended badly without a
 * count (a crash, no test at all) is one failure.
 */
export function summarize(tail: string, exitCode: number): Summary {
  const text = Bun.stripANSI(tail);
  const passed = lastCount(text, 'pass');
  const failed = lastCount(text, 'fail');
  const ran = /^Ran \d+ tests? across /m.test(text);
  const wentWell = ran && passed + failed > 0 && exitCode === 0;
  return { passed, failed: wentWell ? failed : Math.max(failed, 1) };
}

function lastCount(text: string, word: 'pass' | 'fail'): number {
  const counts = [...text.matchAll(new RegExp(`^ *(\\d+) ${word}$`, 'gm'))];
  return Number(counts.at(-1)?.[1] ?? 0);
}

import { describe, expect, test } from 'bun:test';
import { summarize } from '../../../summary.ts';

const CASES: readonly [string, string, number, { passed: number; failed: number }][] = [
  [
    'counts what passed',
    '\n 12 pass\n 0 fail\n 30 expect() calls\nRan 12 tests across 3 files. [1.00s]\n',
    0,
    { passed: 12, failed: 0 },
  ],
  [
    'counts what failed',
    '\n 2 pass\n 5 fail\n 1 error\nRan 7 tests across 3 files. [1.00s]\n',
    1,
    { passed: 2, failed: 5 },
  ],
  [
    'reads through the colours of a terminal',
    '\u001b[32m 1 pass\u001b[0m\n\u001b[2m 0 fail\u001b[0m\nRan 1 test across 1 file. [9.00ms]\n',
    0,
    { passed: 1, failed: 0 },
  ],
  [
    'takes the last counts, not those of a test about counts',
    ' 9 pass\n 9 fail\n 1 pass\n 0 fail\nRan 1 test across 1 file. [9.00ms]\n',
    0,
    { passed: 1, failed: 0 },
  ],
  [
    'makes a bad exit status a failure, whatever the counts say',
    ' 3 pass\n 0 fail\nRan 3 tests across 1 file. [9.00ms]\n',
    1,
    { passed: 3, failed: 1 },
  ],
  ['makes a crash a failure', 'panic: Segmentation fault\n', 139, { passed: 0, failed: 1 }],
  ['makes no test at all a failure', 'No tests found!\n', 0, { passed: 0, failed: 1 }],
];

describe('the summary of a test run', () => {
  test.each(CASES)('%s', (_, tail, exitCode, summary) => {
    expect(summarize(tail, exitCode)).toEqual(summary);
  });
});

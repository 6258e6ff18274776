import { describe, expect, test } from 'bun:test';
import { createRejectionLog } from '../../../src/http/signed/rejection-log.ts';
import { createFakeLog } from '../../fakes/log.ts';

function setUp() {
  let milliseconds = 0;
  const { log, lines } = createFakeLog();
  const rejected = createRejectionLog(log, () => milliseconds);
  const refuse = (path: string, reason = 'unknown-pipeline') =>
    rejected({ path, reason, source: '10.0.0.1' });
  return {
    refuse,
    lines,
    logged: () => lines.map((line) => JSON.parse(line)),
    pass: () => (milliseconds += 1000),
  };
}

describe('the log of requests that are refused', () => {
  test('has one line a second for each reason, whatever names are invented', () => {
    const { refuse, lines, pass } = setUp();
    for (let second = 0; second < 3; second += 1) {
      for (let name = 0; name < 1000; name += 1) {
        refuse(`/promotion/apps/invented-${second}-${name}/dev`);
        refuse(`/promotion/apps/invented-${second}-${name}/dev`, 'no-signature');
      }
      pass();
    }
    expect(lines).toHaveLength(6);
  });

  test('says how many more there were', () => {
    const { refuse, logged, pass } = setUp();
    for (const name of ['a', 'b', 'c']) refuse(`/promotion/apps/${name}/dev`);
    pass();
    refuse('/promotion/apps/d/dev');
    expect(logged()).toEqual([
      expect.objectContaining({ path: '/promotion/apps/a/dev', source: '10.0.0.1' }),
      expect.objectContaining({ path: '/promotion/apps/d/dev', suppressed: 2 }),
    ]);
  });

  test('holds so much of a path and no more', () => {
    const { refuse, logged } = setUp();
    refuse(`/promotion/${'x'.repeat(10_000)}`);
    expect(logged()[0].path).toHaveLength(300);
  });
});

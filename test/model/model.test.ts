import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { CONFIGURATIONS } from './configurations.ts';
import { MUTATIONS } from './mutations/list.ts';
import { carryOutAll } from './search/pool.ts';
import { describeViolation } from './search/task.ts';

/** Bounded by states and not by time: the depths are those of the configurations, whatever the machine is. */
const MINUTES = 60_000;

test(
  'all that can happen within the depth of each configuration breaks no promise',
  async () => {
    const tasks = CONFIGURATIONS.map(({ name, depth }) => ({
      name,
      depth,
      time: Number.POSITIVE_INFINITY,
      violations: 3,
    }));
    const before = process.cpuUsage();
    const reports = await carryOutAll(tasks, 2);
    const { user, system } = process.cpuUsage(before);
    const sum = (of: 'states' | 'steps') => reports.reduce((total, one) => total + one[of], 0);
    console.log(
      `The model: ${sum('states')} states and ${sum('steps')} happenings in ${reports.length} configurations, ${((user + system) / 1e6).toFixed(0)} s of processor time`,
    );
    expect(reports.flatMap(({ violations }) => violations.map(describeViolation)).join('\n')).toBe('');
    expect(reports.filter(({ isComplete }) => !isComplete)).toEqual([]);
  },
  15 * MINUTES,
);

test('each fault that --mutations puts back fits the code', async () => {
  const unfit: string[] = [];
  for (const { letter, changes } of MUTATIONS) {
    for (const { file, old } of changes) {
      const text = await Bun.file(join(import.meta.dir, '../..', file)).text();
      if (text.split(old).length !== 2) unfit.push(`${letter}: ${file}: ${old}`);
    }
  }
  expect(unfit).toEqual([]);
});

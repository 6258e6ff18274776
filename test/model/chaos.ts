import { parseArgs } from 'node:util';
import { createColumns } from '../../src/cli/columns.ts';
import { CONFIGURATIONS } from './configurations.ts';
import { runMutations } from './mutations/run.ts';
import { carryOutAll } from './search/pool.ts';
import { describeViolation, type Report } from './search/task.ts';

/** `npm run chaos -- --family model`: the model of `npm test`, deeper, and then at random. */

const USAGE = `npm run chaos -- --family model [FLAGS]

The decisions in front of a model of clusters, forge and people: all that can happen up to a depth, and then long ways at
random. Prints each violation with what led to it; exit status 1 when there is one.

  --depth N             how many things happen at most. Default: one more than in npm test
  --seconds N           so long at most, on two processors; half of it at random. Default: 600
  --seed TEXT           the same ways at random again. Default: a new one
  --configuration TEXT  only those with this in their name
  --mutations           puts faults back into a copy of the code one by one, and shows what finds each
`;

const PROCESSORS = 2;

export function isAboutModel(args: readonly string[]): boolean {
  return args.some(
    (one, index) => one === '--family=model' || (one === 'model' && args[index - 1] === '--family'),
  );
}

export async function runModel(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      family: { type: 'string' },
      depth: { type: 'string' },
      seconds: { type: 'string', default: '600' },
      seed: { type: 'string', default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
      configuration: { type: 'string', default: '' },
      mutations: { type: 'boolean', default: false },
    },
  });
  const chosen = CONFIGURATIONS.filter(({ name }) => name.includes(values.configuration));
  const seconds = Number(values.seconds);
  const isDepth = values.depth === undefined || /^[1-9]\d{0,2}$/.test(values.depth);
  const isUsable = chosen.length > 0 && seconds > 0 && isDepth;
  if (values.help || !isUsable) {
    note(
      values.help
        ? USAGE
        : `No configuration or no time is left, or the depth is no number of at least 1.\n\n${USAGE}`,
    );
    return values.help ? 0 : 2;
  }
  if (values.mutations) return runMutations(note);
  note(`Seed ${values.seed}; the same ways again: npm run chaos -- --family model --seed ${values.seed}`);
  const time = (seconds * 1000 * Math.min(PROCESSORS, chosen.length)) / chosen.length / 2;
  const tasks = chosen.map(({ name, depth }) => ({
    name,
    depth: values.depth === undefined ? depth + 1 : Number(values.depth),
    time,
    violations: 5,
    walk: { seed: values.seed, time },
  }));
  const reports = await carryOutAll(tasks, PROCESSORS, (report) => note(row(report).join('  ')));
  console.log(createColumns()([HEAD, ...reports.map(row), total(reports)]).join('\n'));
  const violations = reports.flatMap((report) => report.violations);
  for (const violation of violations) console.log(describeViolation(violation));
  return violations.length === 0 ? 0 : 1;
}

function note(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

const HEAD = ['configuration', 'depth', 'states', 'happenings', 'at random', 'seconds', 'violations'];

function row({ configuration, depth, isComplete, states, steps, walked, seconds, violations }: Report) {
  const numbers = [states, steps, walked.steps, Math.round(seconds), violations.length].map(String);
  return [configuration, isComplete ? String(depth) : `${depth}, time was up`, ...numbers];
}

function total(reports: readonly Report[]): string[] {
  const sum = (of: (report: Report) => number) =>
    String(Math.round(reports.reduce((all, report) => all + of(report), 0)));
  return [
    'all',
    '',
    sum(({ states }) => states),
    sum(({ steps }) => steps),
    sum(({ walked }) => walked.steps),
    sum(({ seconds }) => seconds),
    sum(({ violations }) => violations.length),
  ];
}

import { createRandom } from '../../fuzz/random.ts';
import { CONFIGURATIONS } from '../configurations.ts';
import { explore, type Violation } from './explore.ts';
import { walk } from './walk.ts';

/** The order of one worker. */
export interface Task {
  /** The configuration's name. */
  readonly name: string;
  readonly depth: number;
  /** Milliseconds, of the search to that depth. */
  readonly time: number;
  /** The number of different violations that ends it. */
  readonly violations: number;
  /** A random walk follows. */
  readonly walk?: { readonly seed: string; readonly time: number };
}

export interface Report {
  readonly configuration: string;
  /** The depth that was explored to its end. */
  readonly depth: number;
  /** True when it is as deep as was asked for. */
  readonly isComplete: boolean;
  readonly states: number;
  readonly steps: number;
  readonly seconds: number;
  /** States that the random walk went through, and its steps. */
  readonly walked: { readonly states: number; readonly steps: number };
  readonly violations: readonly Violation[];
}

export async function carryOut(task: Task): Promise<Report> {
  const configuration = CONFIGURATIONS.find(({ name }) => name === task.name);
  if (!configuration) throw new Error(`There is no configuration "${task.name}" of the model.`);
  const began = performance.now();
  const explored = await explore(configuration, task);
  const { depth, isComplete, states, steps } = explored;
  const walked = task.walk && {
    ...(await walk(configuration, {
      time: task.walk.time,
      violations: task.violations,
      below: createRandom(`${task.walk.seed} ${task.name}`).below,
    })),
  };
  const known = new Set(explored.violations.map(({ problem }) => problem.split(':')[0]));
  const further = (walked?.violations ?? []).filter(({ problem }) => !known.has(problem.split(':')[0]));
  return {
    configuration: task.name,
    depth,
    isComplete,
    states,
    steps,
    seconds: (performance.now() - began) / 1000,
    walked: { states: walked?.states ?? 0, steps: walked?.steps ?? 0 },
    violations: [...explored.violations, ...further],
  };
}

/** Describes a violation for people. */
export function describeViolation({ configuration, problem, trace }: Violation): string {
  const steps = trace.map((one, index) => `    ${index + 1}. ${one}`);
  return [`${configuration}: ${problem}`, ...steps].join('\n');
}

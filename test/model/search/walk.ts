import type { Letter } from '../alphabet/letter.ts';
import type { State } from '../plant/box.ts';
import type { Configuration } from './configuration.ts';
import type { Violation } from './explore.ts';
import { createMachine, type Machine } from './machine.ts';
import { signature } from './signature.ts';

/** A long random way through a configuration, to states that no exhaustive search gets to. */

export interface WalkBounds {
  /** Milliseconds. */
  readonly time: number;
  /** The number of different violations that ends it. */
  readonly violations: number;
  /** A number below the one that is given. */
  readonly below: (bound: number) => number;
}

export interface Walked {
  readonly states: number;
  readonly steps: number;
  readonly violations: readonly Violation[];
}

/** The number of things that happen one after the other, before all begins anew. */
const LENGTH = 25;

export async function walk(configuration: Configuration, bounds: WalkBounds): Promise<Walked> {
  const ends = performance.now() + bounds.time;
  const machine = createMachine(configuration);
  const seen = new Set<bigint>();
  const found = new Map<string, Violation>();
  const { state: start } = await machine.start();
  let steps = 0;
  let way: Way = { state: start, letters: [] };
  while (performance.now() < ends && found.size < bounds.violations) {
    if (way.letters.length === LENGTH) way = { state: start, letters: [] };
    const next = choose(configuration, way, bounds);
    if (!next) {
      way = { state: start, letters: [] };
      continue;
    }
    steps += 1;
    const letters = [...way.letters, next];
    const { state, problem } = await tryOut(machine, way.state, next);
    seen.add(signature(state));
    way = { state, letters };
    if (problem === undefined) continue;
    way = { state: start, letters: [] };
    const kind = kindOf(problem);
    if (found.has(kind)) continue;
    const trace = await shortened(configuration, letters, kind);
    found.set(kind, { configuration: configuration.name, problem, trace: trace.map(({ name }) => name) });
  }
  return { states: seen.size, steps, violations: [...found.values()] };
}

interface Way {
  readonly state: State;
  readonly letters: readonly Letter[];
}

function choose({ letters }: Configuration, { state }: Way, { below }: WalkBounds): Letter | undefined {
  const possible = state.deleted ? [] : letters.filter((letter) => letter.may(state));
  return possible[below(possible.length)];
}

export function kindOf(problem: string): string {
  return problem.split(':')[0] ?? problem;
}

async function tryOut(machine: Machine, before: State, letter: Letter) {
  const { state, problems } = await machine.step(before, letter);
  const problem = problems[0] ?? (await machine.rest(state))[0];
  return { state, problem };
}

/** Leaves out one thing after the other, as long as the same goes wrong without it. */
async function shortened(configuration: Configuration, letters: readonly Letter[], kind: string) {
  let trace = letters;
  for (let index = 0; index < trace.length; ) {
    const without = trace.filter((_, at) => at !== index);
    const goesWrong = (await firstProblem(configuration, without)) === kind;
    if (goesWrong) trace = without;
    else index += 1;
  }
  return trace;
}

async function firstProblem(configuration: Configuration, letters: readonly Letter[]) {
  // A new machine has seen nothing yet: a machine explores no state twice.
  const machine = createMachine(configuration);
  let { state } = await machine.start();
  for (const letter of letters) {
    if (!letter.may(state)) return undefined;
    const outcome = await tryOut(machine, state, letter);
    if (outcome.problem !== undefined) return kindOf(outcome.problem);
    state = outcome.state;
  }
  return undefined;
}

import type { Letter } from '../alphabet/letter.ts';
import type { State } from '../plant/box.ts';
import type { Configuration } from './configuration.ts';
import { createMachine, type Machine } from './machine.ts';
import { signature } from './signature.ts';

/** What was found wrong, with the shortest way to it. */
export interface Violation {
  readonly configuration: string;
  readonly problem: string;
  readonly trace: readonly string[];
}

export interface Explored {
  readonly configuration: string;
  readonly states: number;
  readonly steps: number;
  readonly depth: number;
  /** Everything up to the depth was looked at. */
  readonly isComplete: boolean;
  readonly violations: readonly Violation[];
  readonly seconds: number;
}

export interface Bounds {
  readonly depth: number;
  /** Milliseconds. */
  readonly time: number;
  /** So many different violations end it. */
  readonly violations: number;
}

interface Node {
  readonly state: State;
  readonly parent?: Node | undefined;
  readonly letter?: string;
}

/** Breadth first, so that the first trace to a violation is a shortest one. */
export async function explore(configuration: Configuration, bounds: Bounds): Promise<Explored> {
  const began = performance.now();
  const search = { configuration, bounds, machine: createMachine(configuration), began };
  const found = new Map<string, Violation>();
  const seen = new Set<bigint>();
  const first = await search.machine.start();
  let frontier: Node[] = [{ state: first.state }];
  seen.add(signature(first.state));
  note(found, configuration, first.problems, frontier[0]);
  let steps = 0;
  let depth = 0;
  let isComplete = true;
  while (depth < bounds.depth && frontier.length > 0 && isComplete && found.size < bounds.violations) {
    depth += 1;
    const next: Node[] = [];
    for (const node of frontier) {
      if (performance.now() - began > bounds.time) {
        isComplete = false;
        break;
      }
      for (const letter of configuration.letters) {
        if (!letter.may(node.state)) continue;
        steps += 1;
        const child = await follow(search.machine, node, letter, { seen, found, configuration });
        if (child) next.push(child);
      }
    }
    frontier = next;
  }
  const seconds = (performance.now() - began) / 1000;
  const violations = [...found.values()];
  return {
    configuration: configuration.name,
    states: seen.size,
    steps,
    depth,
    isComplete,
    violations,
    seconds,
  };
}

interface Notes {
  readonly seen: Set<bigint>;
  readonly found: Map<string, Violation>;
  readonly configuration: Configuration;
}

/** The new state, when it is one and nothing is wrong with it. */
async function follow(machine: Machine, node: Node, letter: Letter, notes: Notes): Promise<Node | undefined> {
  const { seen, found, configuration } = notes;
  const { state, problems } = await machine.step(node.state, letter);
  const child = { state, parent: node, letter: letter.name };
  if (problems.length > 0) {
    note(found, configuration, problems, child);
    return undefined;
  }
  const sign = signature(state);
  if (seen.has(sign)) return undefined;
  seen.add(sign);
  const atRest = await machine.rest(state);
  note(found, configuration, atRest, child);
  return atRest.length > 0 ? undefined : child;
}

/** One trace for each kind of problem. */
function note(
  found: Map<string, Violation>,
  { name }: Configuration,
  problems: readonly string[],
  node?: Node,
) {
  for (const problem of problems) {
    const kind = problem.split(':')[0] ?? problem;
    if (!found.has(kind)) found.set(kind, { configuration: name, problem, trace: traceOf(node) });
  }
}

export function traceOf(node: Node | undefined): string[] {
  const trace: string[] = [];
  for (let one = node; one?.letter !== undefined; one = one.parent) trace.unshift(one.letter);
  return trace;
}

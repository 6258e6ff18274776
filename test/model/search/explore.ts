import type { Letter } from '../alphabet/letter.ts';
import type { State } from '../plant/box.ts';
import type { Configuration } from './configuration.ts';
import { createMachine, type Machine } from './machine.ts';
import { signature } from './signature.ts';

/** A problem that was found, with the shortest way to it. */
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
  /** True when everything up to the depth was explored. */
  readonly isComplete: boolean;
  readonly violations: readonly Violation[];
  readonly seconds: number;
}

export interface Bounds {
  readonly depth: number;
  /** Milliseconds. */
  readonly time: number;
  /** The number of different violations that ends it. */
  readonly violations: number;
  /** Called after each depth that was explored to its end. */
  readonly onDepth?: (depth: number, states: number) => void;
}

interface Node {
  readonly state: State;
  readonly parent?: Node | undefined;
  readonly letter?: string;
}

/** Breadth first, so that the first trace to a violation is a shortest one. */
export async function explore(configuration: Configuration, bounds: Bounds): Promise<Explored> {
  const search = await begin(configuration, bounds);
  const { seen, found } = search;
  let frontier: readonly Node[] | undefined = search.roots;
  let depth = 0;
  let isComplete = true;
  while (depth < bounds.depth && frontier.length > 0 && found.size < bounds.violations) {
    const next: readonly Node[] | undefined = await expand(search, frontier);
    if (!next) {
      isComplete = false;
      break;
    }
    frontier = next;
    depth += 1;
    bounds.onDepth?.(depth, seen.size);
  }
  return {
    configuration: configuration.name,
    states: seen.size,
    steps: search.steps,
    depth,
    isComplete,
    violations: [...found.values()],
    seconds: (performance.now() - search.began) / 1000,
  };
}

interface Search extends Notes {
  readonly bounds: Bounds;
  readonly machine: Machine;
  readonly began: number;
  readonly roots: readonly Node[];
  steps: number;
}

async function begin(configuration: Configuration, bounds: Bounds): Promise<Search> {
  const began = performance.now();
  const machine = createMachine(configuration);
  const { state, problems } = await machine.start();
  const root: Node = { state };
  const notes = { configuration, seen: new Set([signature(state)]), found: new Map<string, Violation>() };
  note(notes.found, configuration, problems, root);
  return { ...notes, bounds, machine, began, roots: [root], steps: 0 };
}

/** The nodes that follow from these states; undefined: time is up. */
async function expand(search: Search, frontier: readonly Node[]): Promise<readonly Node[] | undefined> {
  const { configuration, bounds, machine, began } = search;
  const next: Node[] = [];
  for (const node of frontier) {
    if (node.state.deleted) continue;
    if (performance.now() - began > bounds.time) return undefined;
    for (const letter of configuration.letters) {
      if (!letter.may(node.state)) continue;
      search.steps += 1;
      const child = await follow(machine, node, letter, search);
      if (child) next.push(child);
    }
  }
  return next;
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

import { CONFIGURATIONS } from '../configurations.ts';
import { explore } from '../search/explore.ts';

/** The first problem that is found in a copy of the code, with the way to it. */
export interface Finding {
  readonly configuration: string;
  readonly problem: string;
  readonly trace: readonly string[];
  /** The number of states until it was found. */
  readonly states: number;
}

let states = 0;
let found: Finding | undefined;
const [first] = process.argv.slice(2);
const ordered = CONFIGURATIONS.toSorted(
  (one, other) => Number(other.name === first) - Number(one.name === first),
);
for (const configuration of ordered) {
  const bounds = { depth: configuration.depth, time: Number.POSITIVE_INFINITY, violations: 1 };
  const explored = await explore(configuration, bounds);
  states += explored.states;
  const [violation] = explored.violations;
  if (!violation) continue;
  found = { ...violation, states };
  break;
}
console.log(JSON.stringify(found ?? { states }));

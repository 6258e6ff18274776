import type { FieldProblem, Findings } from './problem.ts';

/** A spec, faulty or not, and what the rules say of it. */
export interface Judged {
  readonly spec: unknown;
  readonly findings: Findings;
}

/**
 * Turns faults into warnings that the object had before and that the change does not touch: an old fault must
 * not keep anybody from mending something else (KEP-4008 calls this ratcheting).
 */
export function ratchet(now: Judged, before: Judged): Findings {
  const known = new Map(before.findings.problems.map((problem) => [keyOf(problem, before.spec), problem]));
  const isOld = (problem: FieldProblem) => {
    const old = known.get(keyOf(problem, now.spec));
    return old !== undefined && isSame(scopeOf(problem, now.spec), scopeOf(old, before.spec));
  };
  const { problems, warnings } = now.findings;
  return {
    problems: problems.filter((problem) => !isOld(problem)),
    warnings: [...problems.filter(isOld), ...warnings],
  };
}

function keyOf({ rule, field }: FieldProblem, spec: unknown): string {
  return `${rule} ${withoutPosition(field, spec)}`;
}

/** An environment is known by its name: another one in front of it moves it, and does not touch it. */
function withoutPosition(field: string, spec: unknown): string {
  return field.replace(/^spec\.environments\[(\d+)\]/, (_, position: string) => {
    const index = Number(position);
    const name = nameAt(spec, index);
    const before = Array.from({ length: index }, (_, earlier) => nameAt(spec, earlier));
    return `spec.environments[${name} ${before.filter((other) => other === name).length}]`;
  });
}

function nameAt(spec: unknown, index: number): string {
  const name = valueAt(spec, `spec.environments[${index}].name`);
  return typeof name === 'string' ? name : '';
}

function scopeOf({ field, scope }: FieldProblem, spec: unknown): unknown {
  return valueAt(spec, scope ?? field);
}

/** The value at a path below `spec`; undefined where there is none. */
function valueAt(spec: unknown, path: string): unknown {
  let value: unknown = { spec };
  for (const [, key, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key ?? index ?? '');
  }
  return value;
}

/** Both come from the API server, which writes the fields of an object in one order. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

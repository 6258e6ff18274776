import { parseParts, valuesAt } from '../../../lib/text/index.ts';
import type { FieldProblem, Findings } from '../problem.ts';

/** A spec, faulty or not, with the findings of the rules. */
export interface SpecWithFindings {
  readonly spec: unknown;
  readonly findings: Findings;
}

/** Limit of the faults that are compared: a person with more does not correct a single one. */
const MAX_PROBLEMS = 500;

/**
 * Turns faults into warnings that the object had before and that the change does not touch: an old fault must not keep
 * a person from correcting another one (KEP-4008 calls this ratcheting).
 */
export function ratchet(now: SpecWithFindings, before: SpecWithFindings): Findings {
  const { problems, warnings } = now.findings;
  if (problems.length > MAX_PROBLEMS || before.findings.problems.length > MAX_PROBLEMS) return now.findings;
  const keyBefore = keysOf(before.spec);
  const known = new Map(before.findings.problems.map((problem) => [keyBefore(problem), problem]));
  const keyNow = keysOf(now.spec);
  const isOld = (problem: FieldProblem) => {
    const old = known.get(keyNow(problem));
    return old !== undefined && Bun.deepEquals(scopeOf(problem, now.spec), scopeOf(old, before.spec));
  };
  return {
    problems: problems.filter((problem) => !isOld(problem)),
    warnings: [...problems.filter(isOld), ...warnings],
  };
}

/** An environment is identified by its name: another one before it moves it, but does not touch it. */
function keysOf(spec: unknown): (problem: FieldProblem) => string {
  const names = environmentNames(spec);
  return ({ rule, field }) => {
    const named = field.replace(
      /^spec\.environments\[(\d+)\]/,
      (_, index: string) => `spec.environments[${names[Number(index)]}]`,
    );
    return `${rule} ${named}`;
  };
}

/** The names in the order of the spec, each with the number of the same names before it. */
function environmentNames(spec: unknown): string[] {
  const environments = valueAt(spec, 'spec.environments');
  if (!Array.isArray(environments)) return [];
  const seen = new Map<string, number>();
  return environments.map((_, index) => {
    const value = valueAt(spec, `spec.environments[${index}].name`);
    const name = typeof value === 'string' ? value : '';
    const earlier = seen.get(name) ?? 0;
    seen.set(name, earlier + 1);
    return `${name} ${earlier}`;
  });
}

function scopeOf({ field, scope }: FieldProblem, spec: unknown): unknown {
  return valueAt(spec, scope ?? field);
}

/** The value at a path below `spec`; undefined if there is none. */
function valueAt(spec: unknown, path: string): unknown {
  const parts = parseParts(path);
  return 'wrong' in parts ? undefined : valuesAt({ spec }, { parts })[0];
}

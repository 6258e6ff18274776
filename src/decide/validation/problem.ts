import type { Rule } from './rules.ts';

/** One thing that is wrong in a Pipeline, or doubtful in a warning. */
export interface FieldProblem {
  readonly rule: Rule;
  /** Path of the field as `kubectl explain` and the API server write it: `spec.environments[1].name`. */
  readonly field: string;
  /** What stands there now, where that is short and no secret. */
  readonly value?: string;
  /** Sentences: what is wrong and what to write instead. */
  readonly message: string;
  /** The field above `field` that holds all that the rule looks at; `field` itself when left out. */
  readonly scope?: string;
}

/** What the rules say of a Pipeline. */
export interface Findings {
  readonly problems: readonly FieldProblem[];
  readonly warnings: readonly FieldProblem[];
}

export const NO_FINDINGS: Findings = { problems: [], warnings: [] };

/** `spec.environments[1].name: "a b": …`, the one form in which problems are shown. */
export function problemLine(problem: FieldProblem): string {
  return `${problem.field}: ${problemText(problem)}`;
}

/** The same without the field. */
export function problemText({ value, message }: FieldProblem): string {
  return value === undefined ? message : `${JSON.stringify(value)}: ${message}`;
}

export function mergeFindings(...all: readonly Findings[]): Findings {
  return {
    problems: all.flatMap(({ problems }) => problems),
    warnings: all.flatMap(({ warnings }) => warnings),
  };
}

/** A promotion's own field and the promotion into each environment are named in several rules. */
export function environmentField(index: number): string {
  return `spec.environments[${index}]`;
}

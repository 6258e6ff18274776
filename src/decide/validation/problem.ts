import type { RuleName } from './rules.ts';

/** A fault in a Pipeline, or a doubtful field in a warning. */
export interface FieldProblem {
  readonly rule: RuleName;
  /** Path of the field as `kubectl explain` and the API server write it: `spec.environments[1].name`. */
  readonly field: string;
  /** The present value, if it is short and not a secret. */
  readonly value?: string;
  /** Sentences: the fault and the remedy. */
  readonly message: string;
  /** The field above `field` that holds everything the rule checks; defaults to `field`. */
  readonly scope?: string;
}

/** The result of all rules for a Pipeline. */
export interface Findings {
  readonly problems: readonly FieldProblem[];
  readonly warnings: readonly FieldProblem[];
}

export const NO_FINDINGS: Findings = { problems: [], warnings: [] };

/** `spec.environments[1].name: "a b": …`, the one form in which problems are shown. */
export function problemLine(problem: FieldProblem): string {
  return `${problem.field}: ${problemText(problem)}`;
}

/** The problem's text without the field. */
export function problemText({ value, message }: FieldProblem): string {
  return value === undefined ? message : `${JSON.stringify(value)}: ${message}`;
}

export function mergeFindings(...all: readonly Findings[]): Findings {
  return {
    problems: all.flatMap(({ problems }) => problems),
    warnings: all.flatMap(({ warnings }) => warnings),
  };
}

/** Several rules name a promotion's own field and the promotion into each environment. */
export function environmentField(index: number): string {
  return `spec.environments[${index}]`;
}

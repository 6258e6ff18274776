/** One thing that is wrong in a Pipeline, or doubtful in a warning. */
export interface FieldProblem {
  /** Path of the field as `kubectl explain` and the API server write it: `spec.environments[1].name`. */
  readonly field: string;
  /** What stands there now, where that is short and no secret. */
  readonly value?: string;
  /** Sentences: what is wrong and what to write instead. */
  readonly message: string;
}

/** `spec.environments[1].name: …`, the one form in which problems are shown. */
export function problemLine(problem: FieldProblem): string {
  return `${problem.field}: ${problem.message}`;
}

/** A promotion's own field and the promotion into each environment are named in several rules. */
export function environmentField(index: number): string {
  return `spec.environments[${index}]`;
}

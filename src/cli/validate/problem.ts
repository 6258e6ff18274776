import type { RuleName } from '../../decide/validation.ts';

/** Both count from 1; columns count UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One line of what `turnpike validate` prints. */
export interface Problem extends Position {
  readonly severity: 'error' | 'warning';
  /** As it was given or found; `-` is standard input. */
  readonly path: string;
  /** As it is written; empty where it is not. Absent when the fault is the file's. */
  readonly pipeline?: { readonly namespace: string; readonly name: string };
  /** `syntax` is of YAML itself, `file` of what cannot be read. */
  readonly rule: RuleName | 'syntax' | 'file';
  readonly field?: string;
  readonly value?: string;
  readonly message: string;
}

export function fileProblem(path: string, message: string, severity: Problem['severity'] = 'error'): Problem {
  return { severity, path, line: 1, column: 1, rule: 'file', message };
}

import type { FileEdit } from '../../api/change.ts';
import { fieldPathProblem } from '../field-path.ts';
import { globProblem } from '../glob.ts';
import type { FieldProblem } from './problem.ts';

/** Which files, and which field in them: both must be readable. */
export function fileProblems(files: readonly FileEdit[] | undefined, field: string): FieldProblem[] {
  return (files ?? []).flatMap((edit, index) => {
    const where = `${field}[${index}]`;
    return [
      ...problem(`${where}.path`, globProblem(edit.path)),
      ...problem(`${where}.field`, fieldPathProblem(edit.field)),
    ];
  });
}

/** The sentences quote what they are about. */
function problem(field: string, message: string | undefined): FieldProblem[] {
  return message === undefined ? [] : [{ rule: 'file-edit', field, message }];
}

import type { FileEdit } from '../../api/change.ts';
import type { Artifact } from '../../api/revision-source.ts';
import { fieldPathProblem, globProblem } from '../../lib/text/index.ts';
import type { FieldProblem } from './problem.ts';

/** Checks that the paths of files, and of the fields in them, can be parsed. */
export function fileProblems(
  files: readonly FileEdit[] | undefined,
  field: string,
  artifacts: readonly Artifact[] | undefined,
): FieldProblem[] {
  return (files ?? []).flatMap((edit, index) => {
    const where = `${field}[${index}]`;
    return [
      ...problem(`${where}.artifact`, artifactProblem(edit, artifacts)),
      ...problem(`${where}.path`, globProblem(edit.path)),
      ...problem(`${where}.field`, fieldPathProblem(edit.field)),
    ];
  });
}

function artifactProblem({ artifact }: FileEdit, artifacts: readonly Artifact[] | undefined) {
  const names = artifacts?.map(({ name }) => name);
  if (!names) return artifact === undefined ? undefined : 'The Pipeline has no artifacts: leave this out.';
  if (artifact === undefined) return `Name one of the artifacts: ${names.join(' or ')}.`;
  return names.includes(artifact) ? undefined : `This artifact does not exist: write ${names.join(' or ')}.`;
}

/** The sentences quote what they are about. */
function problem(field: string, message: string | undefined): FieldProblem[] {
  return message === undefined ? [] : [{ rule: 'file-edit', field, message }];
}

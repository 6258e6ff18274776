import { type PipelineSpec, REVISION_AND_ARTIFACTS } from '../../api/pipeline.ts';
import { isWorkload } from '../model/artifacts.ts';
import type { FieldProblem } from './problem.ts';

/** Checks what the schema cannot: the fields in the application object that hold its revisions. */
export function artifactProblems(spec: PipelineSpec): FieldProblem[] {
  const { revision, artifacts } = spec;
  return [
    ...(revision && artifacts ? [problem('spec.artifacts', REVISION_AND_ARTIFACTS)] : []),
    ...(revision ? pathlessEvent(spec, revision, 'spec.revision') : []),
    ...(artifacts ?? []).flatMap((one, index) => [
      ...pathlessEvent(spec, one, `spec.artifacts[${index}]`),
      ...sameName(spec, index),
      ...secondPathless(spec, index),
    ]),
  ];
}

function problem(field: string, message: string): FieldProblem {
  return { rule: 'revision-source', field, message };
}

/** Events would report another revision than the application. */
function pathlessEvent(
  { appRef }: PipelineSpec,
  { path, event }: { readonly path?: string | undefined; readonly event?: string | undefined },
  field: string,
): FieldProblem[] {
  if (event === undefined || path !== undefined || isWorkload(appRef)) return [];
  const message =
    'Without a path the revision is what Flux reports, and its events have that already: write path, or leave event out.';
  return [problem(`${field}.event`, message)];
}

function sameName({ artifacts = [] }: PipelineSpec, index: number): FieldProblem[] {
  const name = artifacts[index]?.name;
  const first = artifacts.findIndex((one) => one.name === name);
  if (first === index) return [];
  const message = `spec.artifacts[${first}] is already called ${name}: give each artifact a name of its own.`;
  return [problem(`spec.artifacts[${index}].name`, message)];
}

function secondPathless({ artifacts = [], appRef }: PipelineSpec, index: number): FieldProblem[] {
  const first = artifacts.findIndex(({ path }) => path === undefined);
  if (artifacts[index]?.path !== undefined || first === index) return [];
  const what = isWorkload(appRef) ? 'the image of the first container' : 'what Flux reports as the revision';
  const message = `spec.artifacts[${first}] has no path either, and both would be ${what}: give this one a path.`;
  return [problem(`spec.artifacts[${index}].path`, message)];
}

import type { Pipeline } from '../../api/pipeline.ts';
import { fullestOf, isOrdered, isSame, newestFirst, revisionOf } from '../model/revision.ts';
import { promotionInto } from '../model/route.ts';
import { deployedRevision, entryOf, environmentStatus, executionIn } from '../model/state.ts';

/**
 * The revision of `spec.environments[index]` that the next environment may get: the one that all targets run and are
 * ready at, or with the gate `targets: any` the newest one that any of them is ready at. It is spelled as fully as an
 * environment before it has it: `6.5.1@sha256:…` for a revision that is pinned to `sha256:…`.
 */
export function availableRevision(pipeline: Pipeline, index: number): string | undefined {
  const revision = readyRevision(pipeline, index);
  if (revision === undefined) return undefined;
  const environment = pipeline.spec.environments[index]?.name ?? '';
  return fullestOf([revision, executionIn(pipeline.status, revision, environment)?.revision]);
}

function readyRevision(pipeline: Pipeline, index: number): string | undefined {
  const { spec, status } = pipeline;
  const environment = spec.environments[index];
  if (!environment) return undefined;
  const state = environmentStatus(status, environment.name);
  const next = spec.environments[index + 1];
  const all = deployedRevision(state);
  if (all !== undefined || !next || promotionInto(spec, next)?.gates?.targets !== 'any') return all;
  const failed = state.deployment?.phase === 'Failed' ? revisionOf(state.deployment) : undefined;
  const ready = (state.targets ?? []).flatMap((one) => (one.ready ? revisionOf(one) || [] : []));
  const good = ready.filter((revision) => {
    return !isSame(revision, failed) && !entryOf(status, revision, environment.name).rolledBackAt;
  });
  return newestOf([...new Set(good)], pipeline, environment.name);
}

/** The newest by version if all have one; else the last to arrive. A revision without a recorded time is the last. */
function newestOf(revisions: readonly string[], { status }: Pipeline, environment: string) {
  if (revisions.every(isOrdered)) return newestFirst(revisions)[0];
  const cameAt = (revision: string) => {
    const at = entryOf(status, revision, environment).deployedAt;
    return at === undefined ? Number.POSITIVE_INFINITY : Date.parse(at);
  };
  return revisions.toSorted((a, b) => (cameAt(a) === cameAt(b) ? 0 : cameAt(b) - cameAt(a)))[0];
}

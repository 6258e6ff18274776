import type { PipelineStatus, PromotionStatus, PullRequestRef } from '../api/pipeline.ts';
import { sourcesOf, withFlux } from '../decide/model/artifacts.ts';
import { wasMergedLast } from '../decide/model/merged.ts';
import { asChart, isOlder, isSame, revisionOf } from '../decide/model/revision.ts';
import { destinationOf, promotionInto } from '../decide/model/route.ts';
import {
  broughtRevision,
  commonRevision,
  entryOf,
  environmentStatus,
  executionOf,
  ownValue,
} from '../decide/model/state.ts';
import { defined } from '../lib/defined.ts';
import { groupOf } from '../lib/kube/pure.ts';
import type { PromotionRequest } from '../promote/strategy.ts';
import type { Job } from './job.ts';

/** A pull request that has ended says nothing of the next one. */
function isKnown(pullRequest: PullRequestRef | undefined): pullRequest is PullRequestRef {
  return pullRequest !== undefined && pullRequest.endedAt === undefined;
}

/** With the revision that it brings, which records of an earlier version do not say. */
function withRevision(promotion: PromotionStatus, pullRequest: PullRequestRef): PullRequestRef {
  const revision = broughtRevision(promotion);
  return { ...pullRequest, ...defined({ revision }) };
}

/** Revisions that ran before. One that was rolled back, or is newer, may be back without anybody having said no. */
function ranBefore({ executions = [] }: PipelineStatus, revision: string, environment: string): string[] {
  return executions.flatMap((one) => {
    const { deployedAt, rolledBackAt } = ownValue(one.environments, environment) ?? {};
    const isBefore = deployedAt !== undefined && rolledBackAt === undefined;
    return isBefore && !isSame(one.revision, revision) && !isOlder(revision, one.revision)
      ? [one.revision]
      : [];
  });
}

function sourceOf({ pipeline, environment, promotion }: Job): PromotionRequest['source'] {
  const { spec, status } = pipeline;
  const previous = spec.environments[spec.environments.indexOf(environment) - 1];
  const deployment = previous && environmentStatus(status, previous.name).deployment;
  const isKnown = deployment && isSame(revisionOf(deployment), promotion.revision);
  const known = isKnown ? deployment : undefined;
  const since = previous && entryOf(status, promotion.revision, previous.name).deployedAt;
  const deployedAt = since ?? known?.observedAt;
  return {
    environment: previous?.name ?? '',
    ...defined({ deployedAt, message: known?.message }),
  };
}

/** Before the digest of a HelmRelease's chart stands its version, and its tag is what the registry says. */
function writtenFor({ spec, status }: Job['pipeline'], promotion: PromotionStatus) {
  const { apiVersion, kind } = spec.appRef;
  const sources = sourcesOf(spec);
  if (kind !== 'HelmRelease' || groupOf(apiVersion) !== 'helm.toolkit.fluxcd.io') return {};
  const written = (revision: string) => {
    const isTried = promotion.attempts !== undefined && isSame(revision, promotion.revision);
    const tag = isTried ? promotion.writtenTag : executionOf(status.executions, revision)?.tag;
    return withFlux(revision, sources, (own) => asChart(own, tag));
  };
  const before = promotion.pullRequest && broughtRevision(promotion);
  return {
    written: written(promotion.revision),
    ...(before !== undefined && { writtenBefore: written(before) }),
  };
}

/** Makes the request for a strategy. */
export function requestOf(job: Job): PromotionRequest {
  const { pipeline, environment, promotion } = job;
  const { spec, status, metadata } = pipeline;
  const runs = commonRevision(environmentStatus(status, environment.name).targets);
  const { gates, strategy } = promotionInto(spec, environment) ?? {};
  const destination = { environment: environment.name, into: strategy && destinationOf(strategy) };
  return {
    pipeline: { namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
    application: spec.appRef,
    environment: environment.name,
    revision: promotion.revision,
    ...writtenFor(pipeline, promotion),
    ran: ranBefore(status, promotion.revision, environment.name),
    source: sourceOf(job),
    ...defined({ runs, gates, startedAt: promotion.startedAt, approvedBy: promotion.approvedBy }),
    ...(wasMergedLast(status, promotion.revision, destination) && { wasMerged: true }),
    ...((promotion.mayBeOpen || (promotion.attempts ?? 0) > 1) && { mayBeOpen: true }),
    ...(isKnown(promotion.pullRequest) && { pullRequest: withRevision(promotion, promotion.pullRequest) }),
  };
}

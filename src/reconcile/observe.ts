import type { ClusterRef, Pipeline, Target, TargetStatus } from '../api/pipeline.ts';
import { ofFlux, type Source, sourcesOf } from '../decide/model/artifacts.ts';
import { isSame, parseRevision, revisionOf } from '../decide/model/revision.ts';
import { environmentStatus } from '../decide/model/state.ts';
import type { Observation } from '../decide/observation/application.ts';
import type { ApplicationReader } from '../decide/observation/application-reader.ts';
import { findTarget, type Observations, targetIdentity } from '../decide/observation/fold.ts';
import { mayBeStale } from '../decide/observation/stale.ts';
import { type MessagesOf, observeHere, observeThere } from './observe-target.ts';

export type { MessagesOf } from './observe-target.ts';

/** The clusters that Pipelines name. A `TurnpikeError` of theirs is about that cluster alone. */
export interface ClusterReaders {
  reader(ref: ClusterRef, pipelineNamespace: string): ApplicationReader;
}

/** The readers of applications, and what may be shown of them. */
export interface Readers {
  readonly applications: ApplicationReader;
  readonly clusters: ClusterReaders;
  readonly messagesOf: MessagesOf;
}

/**
 * Gathers what all targets run. What cannot be read is an observation too. Only our own API server's being
 * away is an error: nothing can be decided then. What may be older than the record is read once more.
 *
 * @throws TurnpikeError ApiUnavailable
 */
export async function observe(
  { metadata, spec, status }: Pick<Pipeline, 'metadata' | 'spec' | 'status'>,
  readers: Readers,
): Promise<Observations> {
  const all = spec.environments.flatMap(({ targets }) => targets);
  const readerOf = ({ clusterRef }: Target) =>
    clusterRef ? readers.clusters.reader(clusterRef, metadata.namespace) : readers.applications;
  const sources = sourcesOf(spec);
  const entries = spec.environments.map(async (environment) => {
    const state = environmentStatus(status, environment.name);
    const seen = environment.targets.map(async (target) => {
      const look = (fresh: boolean) => {
        const at = { appRef: spec.appRef, from: metadata.namespace, environment, target, sources, fresh };
        const reader = readerOf(target);
        const { messagesOf } = readers;
        return target.clusterRef
          ? observeThere({ ...at, all }, reader, messagesOf)
          : observeHere(at, reader, messagesOf);
      };
      const first = await look(false);
      const recorded = findTarget(state, targetIdentity(spec, target));
      const last = mayBeStale(recorded, first) ? await look(true) : first;
      return withTag(last, { recorded, target, sources, reader: readerOf(target) });
    });
    return [environment.name, await Promise.all(seen)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

interface Found {
  readonly recorded: TargetStatus | undefined;
  readonly target: Target;
  readonly sources: readonly Source[];
  readonly reader: ApplicationReader;
}

/** Looks up the tag of a chart that is new there: what is recorded stays. */
async function withTag(
  seen: Observation,
  { recorded, target, sources, reader }: Found,
): Promise<Observation> {
  if (seen.kind !== 'application' || !seen.chartSource || seen.tag !== undefined) return seen;
  const { digest } = parseRevision(ofFlux(seen.fullRevision ?? '', sources) ?? '');
  const isKnown = recorded?.tag !== undefined && isSame(revisionOf(recorded), revisionOf(seen));
  if (digest === undefined || isKnown) return seen;
  const { name, namespace = target.namespace } = seen.chartSource;
  // Without it the promotion says which place it leaves out.
  const tag = await reader.tagOf?.({ namespace, name }, digest).catch(() => undefined);
  return tag === undefined ? seen : { ...seen, tag };
}

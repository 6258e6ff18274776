import type { ClusterRef, Pipeline } from '../api/pipeline.ts';
import { findTarget, type Observations, targetIdentity } from '../decide/fold.ts';
import { mayBeStale } from '../decide/stale.ts';
import { environmentStatus } from '../decide/state.ts';
import { type ApplicationReader, type MessagesOf, observeHere, observeThere } from './observe-target.ts';

export type { ApplicationReader, MessagesOf } from './observe-target.ts';

/** The clusters that Pipelines name. A `TurnpikeError` of theirs is about that cluster alone. */
export interface ClusterReaders {
  reader(ref: ClusterRef, pipelineNamespace: string): ApplicationReader;
}

/** Where applications are read. */
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
  const entries = spec.environments.map(async (environment) => {
    const state = environmentStatus(status, environment.name);
    const seen = environment.targets.map(async (target) => {
      const look = (fresh: boolean) => {
        const at = { appRef: spec.appRef, from: metadata.namespace, environment, target };
        const { messagesOf } = readers;
        if (!target.clusterRef) return observeHere(at, atLeast(readers.applications, fresh), messagesOf);
        const reader = readers.clusters.reader(target.clusterRef, metadata.namespace);
        return observeThere({ ...at, all }, atLeast(reader, fresh), messagesOf);
      };
      const first = await look(false);
      const recorded = findTarget(state, targetIdentity(spec, target));
      return mayBeStale(recorded, first) ? look(true) : first;
    });
    return [environment.name, await Promise.all(seen)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function atLeast(reader: ApplicationReader, fresh: boolean): ApplicationReader {
  return { read: (appRef, namespace) => reader.read(appRef, namespace, fresh) };
}

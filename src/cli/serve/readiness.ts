import type { KubeClient } from '../../lib/kube/index.ts';
import type { PipelineStore } from '../../observe/pipelines/pipelines.ts';
import type { CertifiedServer } from './certified.ts';

/** The parts that have to be there before events can be recorded. */
type Cluster = {
  readonly client: Pick<KubeClient, 'available' | 'config'>;
  readonly store: Pick<PipelineStore, 'synced'>;
};

/** A certificate takes a tenth of a second; a new replica gets no reviews before it can answer them. */
const START_MS = 5000;

/**
 * Says what keeps the Pod from being ready, a sentence each. It has one readiness for all its Services: admission holds
 * it back while it starts, and no longer, for events must not be lost because a certificate cannot be had.
 */
export function createReadiness(
  { client, store }: Cluster,
  admission: Pick<CertifiedServer, 'problems'>,
  elapsed: () => number,
): () => string[] {
  const started = elapsed();

  function cluster(): string[] {
    if (!client.available()) return [`The API server ${client.config.server} does not answer.`];
    return store.synced() ? [] : ['The Pipelines are not all read yet.'];
  }

  return () => [...cluster(), ...(elapsed() - started < START_MS ? admission.problems() : [])];
}

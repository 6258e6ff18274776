import type { PipelineKey } from '../../api/pipeline.ts';
import type { SpecPolicy } from '../../decide/validation.ts';
import { timeReads } from '../../observe/secrets/read-times.ts';
import { createSecretCache } from '../../observe/secrets/secret-cache.ts';
import { PROOFS } from '../../observe/secrets/secret-keys.ts';
import type { Secrets } from '../../observe/secrets/secrets.ts';
import type { OnWritten } from '../../reconcile/record.ts';
import { startAdmission } from './admission.ts';
import type { Context } from './context.ts';
import { measureServer } from './measure.ts';
import type { Observed } from './observed.ts';
import type { OwnCluster } from './own-cluster.ts';
import { createReadiness } from './readiness.ts';
import { composeReviewLookup } from './references.ts';
import { startServers } from './servers.ts';

export interface AnsweringDeps {
  readonly cluster: Pick<OwnCluster, 'client' | 'reviewClient' | 'hosts'>;
  readonly secrets: Secrets;
  readonly observed: Observed;
  readonly policy: SpecPolicy;
  readonly acting: { readonly wake: (key: PipelineKey) => void; readonly onWritten: OnWritten };
}

/** Starts all servers, whether this replica leads or not. */
export function startAnswering(context: Context, deps: AnsweringDeps) {
  const { config, metrics, now } = context;
  const { cluster, observed, policy } = deps;
  const { client, reviewClient, hosts } = cluster;
  const { store, allByApplication: byApplication } = observed;
  const admission = startAdmission(context, {
    client,
    policy,
    gather: composeReviewLookup({ client: reviewClient, byApplication, hosts, now }),
  });
  if (config['admission-bind-address']) measureServer(metrics, 'admission', admission.problems);
  const keyReads = timeReads(deps.secrets, () => performance.now());
  const keys = createSecretCache(keyReads.secrets, {
    keep: PROOFS,
    ttlSeconds: 10,
    minRefreshSeconds: 1,
    now,
  });
  const servers = startServers(context, {
    client,
    observed,
    policy,
    keys: { read: keys.read, recent: keyReads.recent },
    ...deps.acting,
    unready: createReadiness({ client, store }, admission, () => performance.now()),
    admissionProblems: admission.problems,
  });
  return {
    drain: servers.drain,
    async stop(deadlineSeconds: number): Promise<void> {
      await Promise.all([servers.stop(deadlineSeconds), admission.stop(deadlineSeconds)]);
    },
  };
}

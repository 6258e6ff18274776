import type { SpecPolicy } from '../../decide/validation.ts';
import { createSecrets } from '../../observe/secrets/secrets.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { type ActingOptions, startActing } from './acting.ts';
import { startAnswering } from './answering.ts';
import type { Context } from './context.ts';
import type { ServeConfig } from './flags.ts';
import { composeObserved } from './observed.ts';
import { connectOwnCluster } from './own-cluster.ts';
import { shareSockets } from './sockets.ts';

/** The composition root of `turnpike serve`: makes what observes, what acts and what answers, in this order. */

export interface ProgramOptions extends ActingOptions, Pick<Context, 'log'> {}

export interface Program {
  /** Ends within ten seconds: what is under way is finished, what is recorded is taken up at the next start. */
  stop(): Promise<void>;
}

const DRAIN_SECONDS = 4;
const STOP_SECONDS = 8;

export async function startProgram(config: ServeConfig, options: ProgramOptions): Promise<Program> {
  const { log, environment } = options;
  const metrics = createMetrics({ perPipeline: config['metrics-per-pipeline'] });
  const context: Context = { config, log, metrics, now: () => new Date() };
  const policy = policyOf(config);
  const sockets = shareSockets(environment);
  const cluster = connectOwnCluster(context, environment.KUBECONFIG);
  const secrets = createSecrets(cluster.client);
  const observed = composeObserved(context, { cluster, secrets, policy, sockets });
  warn(context);
  const acting = startActing(context, { ...options, cluster, secrets, observed, policy, sockets });
  const answering = startAnswering(context, { cluster, secrets, observed, policy, acting });
  observed.store.start();

  async function endAll(): Promise<void> {
    answering.drain();
    await Promise.all([answering.stop(DRAIN_SECONDS), acting.drain(DRAIN_SECONDS)]);
    observed.clusters.close();
    await Promise.all([acting.stop(), observed.store.stop(), observed.applications.stop()]);
  }

  return {
    async stop() {
      const late = Bun.sleep(STOP_SECONDS * 1000).then(() => log.warn({}, 'not all work has ended in time'));
      await Promise.race([late, endAll()]);
      cluster.close();
      acting.cleanUp();
    },
  };
}

function policyOf(config: ServeConfig): SpecPolicy {
  return {
    allowed: config['git-hosts'],
    insecure: config['insecure-git-hosts'],
    noCrossNamespaceRefs: config['no-cross-namespace-refs'],
    requireAllowedHosts: config['require-allowed-hosts'],
    requireEventCluster: config['require-event-cluster'],
  };
}

function warn({ config, log }: Context): void {
  if (config['dashboard-bind-address']) {
    log.warn(
      { address: config['dashboard-bind-address'] },
      'this version has no dashboard; nothing listens there',
    );
  }
  if (config['git-hosts'].length === 0 && !config['require-allowed-hosts']) {
    log.info(
      {},
      'no flag limits the hosts that Secrets are sent to: set --git-hosts or --require-allowed-hosts where those who write Pipelines do not manage the Secrets',
    );
  }
}

import { TurnpikeError } from '../../lib/errors.ts';
import { createLeaderElector, type KubeClient, type LeaseTimings } from '../../lib/kube/index.ts';
import type { Fence } from '../../promote/fence.ts';
import type { Context } from './context.ts';

export interface Election {
  /** Tells whether this replica leads, and so acts. */
  leading(): boolean;
  /** Stands for the lead from now on; `onLead` is called on taking over. */
  start(onLead: () => void): void;
  /** Gives the lead to another one. */
  stop(): Promise<void>;
}

export interface ElectionDeps {
  readonly client: KubeClient;
  /** Its name is the Lease's; `selector`: of the shard, for the log. */
  readonly shard: { readonly lease: string; readonly selector: string };
  readonly instance: string;
  /** Default: client-go's. */
  readonly timings?: LeaseTimings | undefined;
}

/** Without `--leader-elect` the one replica leads. */
export function createElection(
  context: Context,
  { client, shard, instance, timings }: ElectionDeps,
): Election {
  const { config, metrics, log, now } = context;
  const { lease: name, selector } = shard;
  const report = (leading: boolean) => metrics.leading.set({ name }, leading ? 1 : 0);
  report(!config['leader-elect']);
  if (!config['leader-elect']) return { leading: () => true, start: () => {}, stop: async () => {} };
  const identity = `${instance}_${crypto.randomUUID()}`;
  const { namespace } = client.config;
  const elector = createLeaderElector(client, {
    namespace,
    name,
    identity,
    now,
    log,
    ...(timings && { timings }),
  });
  const ended = new AbortController();
  let running = Promise.resolve();
  return {
    leading: elector.leading,
    start(onLead) {
      const candidate = { lease: `${namespace}/${name}`, ...(selector && { selector }), identity };
      log.info(candidate, 'this replica is a candidate for the lead');
      running = elector.run((leading) => {
        report(leading);
        log.info({ leading, identity }, leading ? 'this replica leads' : 'this replica stands by');
        if (leading) onLead();
      }, ended.signal);
    },
    async stop() {
      ended.abort();
      await running;
    },
  };
}

/** Lets nothing be changed unless this replica leads. */
export function fenceByLead(leading: () => boolean): Fence {
  return async () => {
    if (leading()) return;
    const sentence = 'This replica no longer leads: it stops here, and the one that leads goes on.';
    throw new TurnpikeError('NotLeading', sentence);
  };
}

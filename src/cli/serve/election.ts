import { TurnpikeError } from '../../lib/errors.ts';
import { createLeaderElector } from '../../lib/kube/index.ts';
import type { Pass } from '../../promote/checkpoint.ts';
import type { Parts } from './program.ts';

export interface Election {
  /** Whether this replica is the one that acts. */
  leading(): boolean;
  /** Gives the lead to another one. */
  stop(): Promise<void>;
}

/** Without `--leader-elect` the one replica leads; `onLead` is called on taking over. */
export function startElection(parts: Parts, onLead: () => void): Election {
  const { config, client, metrics, log, now, instance, leaseTimings: timings } = parts;
  const { lease: name, selector } = parts.shard;
  const report = (leading: boolean) => metrics.leading.set({ name }, leading ? 1 : 0);
  if (!config['leader-elect']) {
    report(true);
    return { leading: () => true, stop: async () => {} };
  }
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
  report(false);
  const candidate = { lease: `${namespace}/${name}`, ...(selector && { selector }), identity };
  log.info(candidate, 'this replica is a candidate for the lead');
  const ended = new AbortController();
  const running = elector.run((leading) => {
    report(leading);
    log.info({ leading, identity }, leading ? 'this replica leads' : 'this replica stands by');
    if (leading) onLead();
  }, ended.signal);
  return {
    leading: elector.leading,
    async stop() {
      ended.abort();
      await running;
    },
  };
}

/** Lets a promotion go on from one step to the next as long as this replica leads. */
export function passWhileLeading(leading: () => boolean, pass?: Pass): Pass {
  return async (checkpoint, pipeline) => {
    await pass?.(checkpoint, pipeline);
    if (leading()) return;
    const sentence = `This replica no longer leads: it stops at ${checkpoint}, and the one that leads goes on.`;
    throw new TurnpikeError('NotLeading', sentence);
  };
}

import { createLease } from '../kube/lease.ts';
import type { Parts } from './program.ts';

export interface Election {
  /** Whether this replica is the one that acts. */
  leading(): boolean;
  /** Gives the lead to another one. */
  stop(): Promise<void>;
}

const LEASE = 'turnpike-leader';

/** Without `--leader-elect` the one replica leads; `onLead` is called on taking over. */
export function startElection(parts: Parts, onLead: () => void): Election {
  const { config, client, metrics, log, now, instance } = parts;
  const report = (leading: boolean) => metrics.leading.set({ name: LEASE }, leading ? 1 : 0);
  if (!config['leader-elect']) {
    report(true);
    return { leading: () => true, stop: async () => {} };
  }
  const identity = `${instance}_${crypto.randomUUID()}`;
  const lease = createLease(client, { namespace: client.config.namespace, name: LEASE, identity, now, log });
  report(false);
  const ended = new AbortController();
  const running = lease.run((leading) => {
    report(leading);
    log.info({ leading, identity }, leading ? 'this replica leads' : 'this replica stands by');
    if (leading) onLead();
  }, ended.signal);
  return {
    leading: lease.leading,
    async stop() {
      ended.abort();
      await running;
    },
  };
}

import { createHmac } from 'node:crypto';
import type { App, EnvironmentName } from './fleet.ts';
import type { PeopleOptions } from './people-options.ts';

/** Approves what waits, each version once: one that waits again has lost its approval. */
export interface Approvals {
  consider(app: App, environment: EnvironmentName, version: string): void;
}

/** A status that was read before the approval may be checked a moment after it. */
const LATE_MS = 5_000;

export function createApprovals({ world, ledger }: Pick<PeopleOptions, 'world' | 'ledger'>): Approvals {
  const asked = new Set<string>();
  const approvedAt = new Map<string, number>();
  const lost = new Set<string>();
  let turns = 0;

  async function approve(app: App, environment: EnvironmentName, version: string): Promise<boolean> {
    const { hooks } = world.replicas;
    const hook = hooks[turns++ % hooks.length];
    const path = `/approval/${app.namespace}/${app.name}/${environment}/${version}`;
    const timestamp = `${Math.floor(Date.now() / 1000)}`;
    const signed = createHmac('sha256', app.key).update(`POST\n${path}\n${timestamp}\n`).digest('hex');
    const headers = { 'x-signature': `sha256=${signed}`, 'x-signature-timestamp': timestamp };
    const answer = await fetch(`${hook}${path}`, { method: 'POST', headers });
    await answer.arrayBuffer();
    return answer.ok;
  }

  return {
    consider(app, environment, version) {
      const what = `${app.name}: ${version} in ${environment}`;
      const at = approvedAt.get(what);
      if (at !== undefined && performance.now() - at < LATE_MS) return;
      if (asked.has(what)) return;
      if (at !== undefined && !lost.has(what)) {
        lost.add(what);
        ledger.wrong(`${what} was approved and waits for an approval again`);
      }
      asked.add(what);
      approve(app, environment, version)
        // A version whose approval failed is considered again.
        .then((isApproved) => void (isApproved && approvedAt.set(what, performance.now())))
        .catch(() => undefined)
        .finally(() => asked.delete(what));
    },
  };
}

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createKubeClient, type KubeClient } from '../../../../src/lib/kube/client/transport.ts';
import { createLeaderElector, type LeaderElector } from '../../../../src/lib/kube/election/election.ts';
import { loadKubeConfig } from '../../../../src/lib/kube/kubeconfig/load.ts';
import { createFakeLog } from '../../../fakes/log.ts';
import type { Lab } from '../../../lab/lab.ts';
import { sharedLab } from '../../../lab/shared.ts';
import { waitUntil } from '../../../lab/wait.ts';
import { adminClient, newNamespace } from './support.ts';

const MINUTES = 10 * 60_000;

setDefaultTimeout(60_000);
const TIMINGS = { leaseSeconds: 3, renewDeadlineSeconds: 2, retrySeconds: 0.1 };

interface Candidate {
  readonly client: KubeClient;
  readonly lease: LeaderElector;
  readonly changes: boolean[];
  resign(): Promise<void>;
}

describe('leader election on a real Lease', () => {
  let lab: Lab;
  let admin: KubeClient;
  let namespace: string;
  const candidates: Candidate[] = [];

  beforeAll(async () => {
    lab = await sharedLab();
    admin = adminClient(lab);
    namespace = await newNamespace(admin);
  }, MINUTES);

  afterAll(async () => {
    await Promise.all(candidates.map((candidate) => candidate.resign()));
    for (const { client } of candidates) client.close();
    admin.close();
  });

  function candidate(name: string, identity: string): Candidate {
    const client = createKubeClient(loadKubeConfig({ kubeconfig: lab.kubeconfig }));
    const stop = new AbortController();
    const changes: boolean[] = [];
    const now = () => new Date();
    const { log } = createFakeLog();
    const lease = createLeaderElector(client, { namespace, name, identity, now, log, timings: TIMINGS });
    const running = lease.run((leading) => changes.push(leading), stop.signal);
    const resign = async () => {
      stop.abort();
      await running;
    };
    const made = { client, lease, changes, resign };
    candidates.push(made);
    return made;
  }

  const until = (what: string, check: () => boolean) => waitUntil(what, check, { seconds: 20, everyMs: 10 });
  const leaders = (all: readonly Candidate[]) => all.filter(({ lease }) => lease.leading());

  test('lets exactly one of three candidates lead, and another when it resigns', async () => {
    const all = ['a', 'b', 'c'].map((identity) => candidate('resigning', identity));
    await until('a leader', () => leaders(all).length > 0);
    for (let look = 0; look < 20; look++) {
      expect(leaders(all)).toHaveLength(1);
      await Bun.sleep(50);
    }
    const [first] = leaders(all);
    await first?.resign();
    expect(first?.changes).toEqual([true, false]);
    const resigned = performance.now();
    await until('the next leader', () => leaders(all).length === 1);
    expect(performance.now() - resigned).toBeLessThan(2500);
  });

  test(
    'lets another lead when the leader falls silent, after that one has stopped',
    async () => {
      const first = candidate('silent', 'a');
      await until('the first leader', first.lease.leading);
      const second = candidate('silent', 'b');
      first.client.close();
      let both = false;
      await until('the second leader', () => {
        both ||= first.lease.leading() && second.lease.leading();
        return second.lease.leading();
      });
      expect(both).toBe(false);
      expect(first.changes).toEqual([true, false]);
      const shown = await lab.get(['lease', 'silent', '-n', namespace]);
      expect(shown).toMatchObject({ spec: { holderIdentity: 'b', leaseTransitions: 1 } });
    },
    MINUTES,
  );
});

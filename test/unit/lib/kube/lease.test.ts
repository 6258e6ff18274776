import { afterEach, describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../../../src/lib/errors.ts';
import type { KubeClient, KubeRequest } from '../../../../src/lib/kube/client/transport.ts';
import { createLeaderElector } from '../../../../src/lib/kube/election/election.ts';
import { createFakeLog } from '../../../fakes/log.ts';
import { waitUntil } from '../../../lab/wait.ts';

interface LeaseObject {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** One Lease as an API server keeps it, which can be away. */
function createFakeServer() {
  let lease: LeaseObject | undefined;
  let away = false;

  function write(body: unknown, expected: string | undefined): LeaseObject {
    if (lease?.metadata.resourceVersion !== expected) throw new TurnpikeError('ApiConflict', 'conflict');
    const resourceVersion = String(Number(expected ?? 0) + 1);
    lease = { ...(body as LeaseObject), metadata: { resourceVersion } };
    return lease;
  }

  async function request({ method, body }: KubeRequest): Promise<unknown> {
    if (away) throw new TurnpikeError('ApiUnavailable', 'away');
    if (method === 'POST') return write(body, undefined);
    if (method === 'PUT') return write(body, (body as LeaseObject).metadata.resourceVersion);
    if (lease === undefined) throw new TurnpikeError('ApiNotFound', 'none');
    return lease;
  }

  const client: KubeClient = {
    request,
    stream: () => Promise.reject(new Error('not used')),
    available: () => !away,
    config: { server: '', namespace: '' },
    close: () => undefined,
  };
  return {
    client,
    setAway: (value: boolean) => {
      away = value;
    },
    spec: () => lease?.spec,
    put: (spec: LeaseObject['spec']) => {
      lease = {
        metadata: { resourceVersion: String(Number(lease?.metadata.resourceVersion ?? 0) + 1) },
        spec,
      };
    },
  };
}

describe('a lease', () => {
  const stops: (() => Promise<void>)[] = [];
  const timings = { leaseSeconds: 15, renewDeadlineSeconds: 10, retrySeconds: 0.005 };

  function campaign(client: KubeClient, identity: string, elapsed: () => number) {
    const controller = new AbortController();
    const changes: boolean[] = [];
    const lease = createLeaderElector(client, {
      namespace: 'n',
      name: 'l',
      identity,
      now: () => new Date('2026-11-21T10:00:00.000Z'),
      log: createFakeLog().log,
      timings,
      elapsed,
      random: () => 0,
    });
    const running = lease.run((leading) => changes.push(leading), controller.signal);
    const stop = async () => {
      controller.abort();
      await running;
    };
    stops.push(stop);
    return { lease, changes, stop };
  }

  const until = (what: string, check: () => boolean) => waitUntil(what, check, { seconds: 5, everyMs: 2 });

  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });

  test('that nobody holds is taken, and given up at the end', async () => {
    const server = createFakeServer();
    const { lease, changes, stop } = campaign(server.client, 'a', () => 0);
    await until('the lead', lease.leading);
    expect(server.spec()).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-11-21T10:00:00.000000Z',
      renewTime: '2026-11-21T10:00:00.000000Z',
      leaseTransitions: 0,
    });
    await stop();
    expect(changes).toEqual([true, false]);
    expect(lease.leading()).toBe(false);
    expect(server.spec()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
  });

  test("that another holds is waited for by one's own clock, not by the times in it", async () => {
    const server = createFakeServer();
    let elapsed = 0;
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z' });
    const { lease } = campaign(server.client, 'a', () => elapsed);
    await Bun.sleep(30);
    elapsed = 14_900;
    await Bun.sleep(30);
    expect(lease.leading()).toBe(false);
    elapsed = 15_100;
    await until('the lead', lease.leading);
    expect(server.spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 1 });
  });

  test('that its holder renews is not taken', async () => {
    const server = createFakeServer();
    let elapsed = 0;
    const { lease } = campaign(server.client, 'a', () => elapsed);
    for (let renewal = 0; renewal < 5; renewal++) {
      server.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: `renewal ${renewal}` });
      elapsed += 10_000;
      await Bun.sleep(20);
      expect(lease.leading()).toBe(false);
    }
  });

  test('that cannot be renewed ends the lead before others may take it, and comes back', async () => {
    const server = createFakeServer();
    let elapsed = 0;
    const { lease, changes } = campaign(server.client, 'a', () => elapsed);
    await until('the lead', lease.leading);
    server.setAway(true);
    elapsed = 9_900;
    expect(lease.leading()).toBe(true);
    elapsed = 10_100;
    expect(lease.leading()).toBe(false);
    await until('the change', () => changes.length === 2);
    server.setAway(false);
    await until('the lead again', lease.leading);
    expect(changes).toEqual([true, false, true]);
  });

  test('that another took is noticed at the next renewal', async () => {
    const server = createFakeServer();
    const { lease, changes } = campaign(server.client, 'a', () => 0);
    await until('the lead', lease.leading);
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 15 });
    await until('the loss', () => changes.length === 2);
    expect(lease.leading()).toBe(false);
    expect(server.spec()).toMatchObject({ holderIdentity: 'b' });
  });
});

import { afterEach, describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../../../src/lib/errors.ts';
import type { KubeClient, KubeRequest } from '../../../../src/lib/kube/client/transport.ts';
import { createLeaderElector } from '../../../../src/lib/kube/election/election.ts';
import { createFakeLog } from '../../../fakes/log.ts';
import { createFakeSchedule, settled } from '../../../fakes/schedule.ts';

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

  const timings = { leaseSeconds: 15, renewDeadlineSeconds: 10, retrySeconds: 0.1 };

  /** A candidate whose clock is moved by hand. */
  function campaign(client: KubeClient, identity: string) {
    const clock = createFakeSchedule();
    const controller = new AbortController();
    const changes: boolean[] = [];
    const lease = createLeaderElector(client, {
      namespace: 'n',
      name: 'l',
      identity,
      now: () => new Date('2026-11-21T10:00:00.000Z'),
      log: createFakeLog().log,
      timings,
      elapsed: clock.now,
      wait: clock.wait,
      random: () => 0,
    });
    const running = lease.run((leading) => changes.push(leading), controller.signal);
    const stop = async () => {
      controller.abort();
      await running;
    };
    stops.push(stop);
    return { lease, changes, stop, pass: clock.pass };
  }

  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });

  test('that nobody holds is taken, and given up at the end', async () => {
    const server = createFakeServer();
    const { lease, changes, stop } = campaign(server.client, 'a');
    await settled();
    expect(lease.leading()).toBe(true);
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
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z' });
    const { lease, pass } = campaign(server.client, 'a');
    await pass(14.9);
    expect(lease.leading()).toBe(false);
    await pass(0.2);
    expect(lease.leading()).toBe(true);
    expect(server.spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 1 });
  });

  test('that its holder renews is not taken', async () => {
    const server = createFakeServer();
    const { lease, pass } = campaign(server.client, 'a');
    await settled();
    for (let renewal = 0; renewal < 5; renewal++) {
      server.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: `renewal ${renewal}` });
      await pass(10);
      expect(lease.leading()).toBe(false);
    }
  });

  test('that cannot be renewed ends the lead before others may take it, and comes back', async () => {
    const server = createFakeServer();
    const { lease, changes, pass } = campaign(server.client, 'a');
    await settled();
    expect(lease.leading()).toBe(true);
    server.setAway(true);
    await pass(9.9);
    expect(lease.leading()).toBe(true);
    await pass(0.2);
    expect(lease.leading()).toBe(false);
    expect(changes).toEqual([true, false]);
    server.setAway(false);
    await pass(0.2);
    expect(lease.leading()).toBe(true);
    expect(changes).toEqual([true, false, true]);
  });

  test('that another took is noticed at the next renewal', async () => {
    const server = createFakeServer();
    const { lease, changes, pass } = campaign(server.client, 'a');
    await settled();
    server.put({ holderIdentity: 'b', leaseDurationSeconds: 15 });
    await pass(0.2);
    expect(changes).toEqual([true, false]);
    expect(lease.leading()).toBe(false);
    expect(server.spec()).toMatchObject({ holderIdentity: 'b' });
  });
});

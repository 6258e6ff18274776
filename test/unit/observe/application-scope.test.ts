import { afterEach, describe, expect, test } from 'bun:test';
import { parseRevisionPath, type RevisionPath } from '../../../src/decide/model/revision-path.ts';
import type { KubeClient } from '../../../src/lib/kube/client/transport.ts';
import type { Resource } from '../../../src/lib/kube/discovery.ts';
import { type ApplicationScope, startApplicationScope } from '../../../src/observe/applications/scope.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { settled } from '../../fakes/schedule.ts';
import { waitUntil } from '../../lab/wait.ts';

const RESOURCE: Resource = { apiVersion: 'helm.toolkit.fluxcd.io/v2', plural: 'helmreleases' };

let scope: ApplicationScope | undefined;
afterEach(() => scope?.stop());

/** A scope over a cluster whose objects, by name, are at a revision each; its watches say nothing. */
function setUp({ recheckMs = 60_000 } = {}) {
  const objects = new Map<string, string>();
  let version = 0;
  const reported: string[] = [];
  let lists = 0;
  let lose = () => {};
  let hasRoom = true;
  let wantedPaths: readonly RevisionPath[] = [];
  let discover = async () => RESOURCE;
  const objectOf = (name: string) => ({
    metadata: { name, namespace: 'dev', resourceVersion: String(version), generation: 1 },
    status: { lastAppliedRevision: objects.get(name) },
  });
  const client: KubeClient = {
    async request() {
      lists += 1;
      version += 1;
      return { metadata: { resourceVersion: String(version) }, items: [...objects.keys()].map(objectOf) };
    },
    stream: async ({ signal }) =>
      new ReadableStream({
        start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)),
      }),
    available: () => true,
    config: { server: 'https://leaf', namespace: 'default' },
    close: () => {},
  };
  const started = startApplicationScope(client, {
    apiVersion: RESOURCE.apiVersion,
    kind: 'HelmRelease',
    namespace: 'dev',
    revisionPath: undefined,
    isWanted: () => true,
    pathsOf: () => wantedPaths,
    wanted: () => [['dev', 'app']],
    onChange: (_, name) => reported.push(name),
    discovery: { resource: () => discover(), forget: () => {} },
    budget: {
      take(onLoss) {
        lose = onLoss;
        return hasRoom ? () => {} : undefined;
      },
    },
    log: createFakeLog().log,
    timings: { firstListMs: 1000, refused: { initialMs: 20, maxMs: 20 }, recheckMs },
  });
  scope = started;
  let loads = 0;
  const read = async (paths: readonly RevisionPath[] = []) => {
    const load = async () => {
      loads += 1;
      return objects.has('app') ? objectOf('app') : undefined;
    };
    return started.read({ namespace: 'dev', name: 'app', paths }, load);
  };
  return {
    objects,
    reported,
    read,
    loads: () => loads,
    wantPaths(paths: readonly RevisionPath[]) {
      wantedPaths = paths;
    },
    revision: async () => (await read())?.status.lastAppliedRevision,
    listed: (count: number) => waitUntil('the list', () => lists === count, { seconds: 5 }),
    lose() {
      hasRoom = false;
      lose();
    },
    giveRoom() {
      hasRoom = true;
    },
    discoverBy(next: typeof discover) {
      discover = next;
    },
  };
}

describe('the watched applications of a kind', () => {
  test('are read once more for a path that nobody wanted to see before, and kept with it', async () => {
    const { objects, listed, read, loads, wantPaths } = setUp();
    const path = parseRevisionPath('.status.lastAppliedVersion');
    objects.set('app', '1.0.0');
    await listed(1);
    await read();
    expect(loads()).toBe(0);
    // A Pipeline may be looked at before it is known what it wants: then nothing is kept.
    expect(await read([path])).toMatchObject({ atPaths: { values: { [path.text]: { fault: 'absent' } } } });
    await read([path]);
    expect(loads()).toBe(2);
    wantPaths([path]);
    expect(await read([path])).toMatchObject({ atPaths: { values: { [path.text]: { fault: 'absent' } } } });
    await read([path]);
    await read();
    expect(loads()).toBe(3);
  });

  test('are read one by one from the moment on in which the room for their watch is lost', async () => {
    const { objects, listed, revision, lose, discoverBy } = setUp({ recheckMs: 1 });
    objects.set('app', '1.0.0');
    await listed(1);
    expect(await revision()).toBe('1.0.0');
    // The cluster does not say which version its group prefers.
    let asked = 0;
    discoverBy(() => {
      asked += 1;
      return new Promise(() => {});
    });
    await waitUntil('the question', () => asked > 0, { seconds: 5 });
    objects.set('app', '1.1.0');
    expect(await revision()).toBe('1.0.0');
    lose();
    await settled();
    expect(await revision()).toBe('1.1.0');
  });

  test('are reported when their watch is back, for what came and went before is not known', async () => {
    const { objects, reported, listed, read, revision, lose, giveRoom } = setUp();
    objects.set('app', '1.0.0');
    await listed(1);
    expect(reported).toEqual(['app']);
    lose();
    await settled();
    objects.set('app', '1.1.0');
    expect(await revision()).toBe('1.1.0');
    objects.set('app', '1.0.0');
    giveRoom();
    await listed(2);
    expect(reported).toEqual(['app', 'app']);
    lose();
    await settled();
    expect(await revision()).toBe('1.0.0');
    objects.delete('app');
    giveRoom();
    await listed(3);
    expect(await read()).toBeUndefined();
    expect(reported.length).toBeGreaterThan(2);
  });

  test('are reported when their watch is back though they are gone and were never in a list', async () => {
    const { objects, reported, listed, revision, lose, giveRoom } = setUp();
    await listed(1);
    expect(reported).toEqual(['app']);
    lose();
    await settled();
    objects.set('app', '1.0.0');
    expect(await revision()).toBe('1.0.0');
    objects.delete('app');
    giveRoom();
    await listed(2);
    expect(reported).toEqual(['app', 'app']);
  });
});

import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../../../src/lib/errors.ts';
import type { KubeClient } from '../../../../src/lib/kube/client/transport.ts';
import { createDiscovery } from '../../../../src/lib/kube/discovery.ts';

const GROUP = 'helm.toolkit.fluxcd.io';
const resources = (...kinds: string[]) => ({
  resources: kinds.map((kind) => ({ name: `${kind.toLowerCase()}s`, kind, namespaced: true })),
});
const group = (preferred: string, ...versions: string[]) => ({
  preferredVersion: { version: preferred, groupVersion: `${GROUP}/${preferred}` },
  versions: versions.map((version) => ({ version })),
});

function setUp(served: Record<string, unknown>) {
  const asked: string[] = [];
  const limits: (number | undefined)[] = [];
  let seconds = 0;
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure = error;
  };
  const client: KubeClient = {
    async request({ path, maxBytes }) {
      asked.push(path);
      limits.push(maxBytes);
      if (failure) throw failure;
      if (path in served) return served[path];
      throw new TurnpikeError('ApiNotFound', 'none');
    },
    stream: () => Promise.reject(new Error('nothing is watched')),
    available: () => true,
    config: { server: 'https://leaf', namespace: 'default' },
    close: () => {},
  };
  const discovery = createDiscovery(client, { now: () => new Date(seconds * 1000) });
  const of = async (version: string, kind = 'HelmRelease') =>
    (await discovery.resource(`${GROUP}/${version}`, kind)).apiVersion.replace(`${GROUP}/`, '');
  const pass = (more: number) => {
    seconds += more;
  };
  return { of, asked, limits, pass, fail, served, forget: discovery.forget, resource: discovery.resource };
}

describe('where objects of a kind are found', () => {
  test('is the version that the group prefers, however it is spelled', async () => {
    const { of, asked } = setUp({
      [`/apis/${GROUP}`]: group('v2', 'v2', 'v2beta2'),
      [`/apis/${GROUP}/v2`]: resources('HelmRelease'),
      [`/apis/${GROUP}/v2beta2`]: resources('HelmRelease'),
    });
    expect(await Promise.all(['v2', 'v2beta2', 'v9'].map((version) => of(version)))).toEqual([
      'v2',
      'v2',
      'v2',
    ]);
    const before = asked.length;
    expect(await of('v10')).toBe('v2');
    expect(asked.length).toBe(before);
  });

  test('is another version of the group where the preferred one lacks the kind', async () => {
    const { of } = setUp({
      [`/apis/${GROUP}`]: group('v2', 'v2', 'v1', 'v1beta1'),
      [`/apis/${GROUP}/v2`]: resources('Other'),
      [`/apis/${GROUP}/v1`]: resources('HelmRelease'),
      [`/apis/${GROUP}/v1beta1`]: resources('HelmRelease'),
    });
    expect(await of('v1beta1')).toBe('v1');
  });

  test('is looked up again after five minutes, and after ten seconds where there is none', async () => {
    const { of, served, pass } = setUp({
      [`/apis/${GROUP}`]: group('v1', 'v1'),
      [`/apis/${GROUP}/v1`]: resources('HelmRelease'),
    });
    expect(await of('v1')).toBe('v1');
    await expect(of('v1', 'Other')).rejects.toThrow('has no kind Other');
    served[`/apis/${GROUP}`] = group('v2', 'v2', 'v1');
    served[`/apis/${GROUP}/v2`] = resources('HelmRelease', 'Other');
    pass(11);
    expect([await of('v1'), await of('v1', 'Other')]).toEqual(['v1', 'v2']);
    pass(300);
    expect(await of('v1')).toBe('v2');
  });

  test('is asked for in little, for another cluster may have many such answers under way', async () => {
    const { of, limits } = setUp({
      [`/apis/${GROUP}`]: group('v1', 'v1'),
      [`/apis/${GROUP}/v1`]: resources('HelmRelease'),
    });
    await of('v1');
    expect(limits).toEqual([512 * 1024, 512 * 1024]);
  });

  test('is one question for all who ask at once, the first time and after five minutes', async () => {
    const { of, pass, asked } = setUp({
      [`/apis/${GROUP}`]: group('v1', 'v1'),
      [`/apis/${GROUP}/v1`]: resources('HelmRelease'),
    });
    for (const questions of [2, 4]) {
      await Promise.all(Array.from({ length: 50 }, () => of('v1')));
      expect(asked).toHaveLength(questions);
      pass(300);
    }
  });

  test('stays what it was while the cluster does not say which version it is', async () => {
    const { of, pass, fail } = setUp({
      [`/apis/${GROUP}`]: group('v1', 'v1'),
      [`/apis/${GROUP}/v1`]: resources('HelmRelease'),
    });
    expect(await of('v1')).toBe('v1');
    pass(300);
    fail(new TurnpikeError('ApiForbidden', 'no discovery'));
    expect(await of('v1')).toBe('v1');
    await expect(of('v1', 'Other')).rejects.toThrow('no discovery');
  });

  test('stays within the group, and within ten versions, whatever the API server says', async () => {
    const versions = Array.from({ length: 5000 }, (_, index) => `v${index}`);
    const { resource, asked } = setUp({
      [`/apis/${GROUP}`]: { ...group('v1', ...versions), preferredVersion: { version: '../../api/v1' } },
      '/api/v1': resources('HelmRelease'),
    });
    await expect(resource(`${GROUP}/v1`, 'HelmRelease')).rejects.toMatchObject({ code: 'ApiNotFound' });
    expect(asked).toHaveLength(11);
    expect(asked.every((path) => path.startsWith(`/apis/${GROUP}`))).toBe(true);
  });

  test('is not looked for past the first fault of an answer', async () => {
    let looks = 0;
    const wrong = {
      get name() {
        looks += 1;
        return 7;
      },
    };
    const { resource } = setUp({ '/api/v1': { resources: Array.from({ length: 100_000 }, () => wrong) } });
    await expect(resource('v1', 'Service')).rejects.toThrow('resources.0.name is not string');
    expect(looks).toBe(1);
  });

  test('is in the one version that the core group has', async () => {
    const { resource } = setUp({ '/api/v1': resources('Service') });
    expect(await resource('v1', 'Service')).toEqual({ apiVersion: 'v1', plural: 'services' });
  });
});

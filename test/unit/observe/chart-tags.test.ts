import { describe, expect, test } from 'bun:test';
import { chartSource, chartTag } from '../../../src/decide/observation/chart-source.ts';
import { type ErrorCode, TurnpikeError } from '../../../src/lib/errors.ts';
import type { KubeClient } from '../../../src/lib/kube/client/transport.ts';
import { createChartTags } from '../../../src/observe/applications/chart-tags.ts';

const DIGEST = `sha256:${'0c1d2e3f4a5b6c7d'.repeat(4)}`;
const OTHER = `sha256:${'f'.repeat(64)}`;
const SOURCE = { namespace: 'dev', name: 'podinfo' };
const V1 = '/apis/source.toolkit.fluxcd.io/v1/namespaces/dev/ocirepositories/podinfo';

const repository = (revision: unknown) => ({ status: { artifact: { revision } } });
const refused = (code: ErrorCode) => () => {
  throw new TurnpikeError(code, 'No');
};

function setUp(answer: (path: string) => unknown) {
  const paths: string[] = [];
  let ms = 0;
  const client: KubeClient = {
    async request({ path }) {
      paths.push(path);
      return answer(path);
    },
    stream: () => Promise.reject(new Error('nothing is watched')),
    available: () => true,
    config: { server: 'https://10.96.0.1', namespace: 'turnpike-system' },
    close: () => {},
  };
  const tagOf = createChartTags(client, { now: () => new Date(ms) });
  return { tagOf, paths, pass: (more: number) => (ms += more) };
}

describe('the tag of a chart', () => {
  test.each([
    [`v6.5.1@${DIGEST}`, 'v6.5.1'],
    [`104.1.1_up57.0.3@${DIGEST}`, '104.1.1_up57.0.3'],
    [`v6.5.2@${OTHER}`, undefined],
    [DIGEST, undefined],
    ['v6.5.1', undefined],
    [7, undefined],
  ])('is what the OCIRepository at %p has for the digest: %p', (revision, tag) => {
    expect(chartTag(repository(revision), DIGEST)).toBe(tag);
  });

  test('is looked up where the HelmRelease names an OCIRepository', () => {
    const named = (chartRef: object) => chartSource({ spec: { chartRef } });
    expect(named({ kind: 'OCIRepository', name: 'podinfo' })).toEqual({ name: 'podinfo' });
    expect(named({ kind: 'OCIRepository', name: 'podinfo', namespace: 'flux-system' })).toEqual({
      name: 'podinfo',
      namespace: 'flux-system',
    });
    expect(named({ kind: 'HelmChart', name: 'podinfo' })).toBeUndefined();
    expect(named({ kind: 'OCIRepository', name: '../secrets' })).toBeUndefined();
    expect(chartSource({ spec: {} })).toBeUndefined();
  });

  test('is asked for once, in the version of Flux that is there', async () => {
    const { tagOf, paths } = setUp((path) => {
      return path === V1 ? refused('ApiNotFound')() : repository(`v6.5.1@${DIGEST}`);
    });
    expect(await Promise.all([1, 2].map(() => tagOf(SOURCE, DIGEST)))).toEqual(['v6.5.1', 'v6.5.1']);
    expect(paths).toEqual([V1, V1.replace('/v1/', '/v1beta2/')]);
  });

  test.each(['ApiForbidden', 'ApiNotFound'] as const)('is unknown for a while (%s)', async (code) => {
    const { tagOf, paths, pass } = setUp(refused(code));
    expect(await tagOf(SOURCE, DIGEST)).toBeUndefined();
    const asked = paths.length;
    expect(await tagOf(SOURCE, DIGEST)).toBeUndefined();
    expect(paths).toHaveLength(asked);
    pass(300_001);
    await tagOf(SOURCE, DIGEST);
    expect(paths).toHaveLength(2 * asked);
  });

  test('is asked for again soon where the cluster did not answer, and not at each look', async () => {
    const { tagOf, paths, pass } = setUp(refused('ApiUnavailable'));
    expect(await tagOf(SOURCE, DIGEST)).toBeUndefined();
    expect(await tagOf(SOURCE, DIGEST)).toBeUndefined();
    expect(paths).toEqual([V1]);
    pass(10_001);
    await tagOf(SOURCE, DIGEST);
    expect(paths).toEqual([V1, V1]);
  });
});

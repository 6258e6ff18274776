import { describe, expect, test } from 'bun:test';
import type { ClusterRef, PipelineSpec, Target } from '../../../../src/api/pipeline.ts';
import { unnamedCluster } from '../../../../src/decide/observation/event-target.ts';
import { specWarnings } from '../../../../src/decide/validation/warnings.ts';
import { spec } from '../../../fakes/pipeline.ts';

type Where = 'here' | (Partial<ClusterRef> & { readonly name: string });

function target(where: Where, namespace = 'podinfo'): Target {
  return where === 'here' ? { namespace } : { namespace, clusterRef: { kind: 'GitopsCluster', ...where } };
}

/** dev → staging → prod, each with these targets. */
function environments(...targets: readonly (Target | readonly Target[])[]): PipelineSpec {
  const names = ['dev', 'staging', 'prod'];
  return spec({
    environments: targets.map((one, index) => ({ name: names[index] ?? '', targets: [one].flat() })),
  });
}

const [EAST, WEST] = [target({ name: 'east' }), target({ name: 'west', namespace: 'fleet' })];

describe('an event that has to name its cluster', () => {
  const onTwo = environments(EAST, WEST);
  const cases: [why: string, of: PipelineSpec, cluster: string | undefined, says: RegExp | undefined][] = [
    ['names none of two', onTwo, undefined, /names no cluster.*one of east, west/],
    ['names another one', onTwo, 'north', /names the cluster "north".*one of east, west/],
    ['names one', onTwo, 'east', undefined],
    ['names one with its namespace', onTwo, 'fleet/west', undefined],
    ['names one with its kind', onTwo, 'GitopsCluster/fleet/west', undefined],
    [
      'names none of ours and another',
      environments(target('here'), EAST),
      undefined,
      /one of management, east/,
    ],
    ['has a label beside ours', environments(target('here'), EAST), 'prod-eu', /"prod-eu"/],
    ['is of our own cluster', environments(target('here'), EAST), 'management', undefined],
    [
      'names none of two clusters of one name',
      environments(EAST, target({ name: 'east', namespace: 'fleet' })),
      undefined,
      /one of apps\/east, fleet\/east/,
    ],
    [
      'names two clusters of one name',
      environments(EAST, target({ name: 'east', namespace: 'fleet' })),
      'east',
      /"east" fits 2 clusters.*one of apps\/east, fleet\/east/,
    ],
    [
      'names one of two clusters of one name',
      environments(EAST, target({ name: 'east', namespace: 'fleet' })),
      'fleet/east',
      undefined,
    ],
    [
      'names a GitopsCluster and a Secret of one name',
      environments(EAST, target({ name: 'east', kind: 'Secret' })),
      'apps/east',
      /"apps\/east" fits 2 clusters.*one of GitopsCluster\/apps\/east, Secret\/apps\/east/,
    ],
    [
      'names one of two of different kinds',
      environments(EAST, target({ name: 'east', kind: 'Secret' })),
      'Secret/apps/east',
      undefined,
    ],
    [
      'names two of which one has no target in this namespace',
      environments(EAST, WEST, target({ name: 'east', namespace: 'fleet' }, 'other')),
      'east',
      /"east" fits 2 clusters/,
    ],
    [
      'names our own cluster and another one of its name',
      environments(target('here'), target({ name: 'management' })),
      'management',
      /"management" fits 2 clusters.*give the other one another name/,
    ],
    [
      'names one that has two targets',
      environments([EAST, target({ name: 'east', namespace: 'apps' })], WEST),
      'east',
      undefined,
    ],
    ['fits one environment on two clusters', environments([EAST, WEST]), undefined, /one of east, west/],
    ['fits one cluster alone', environments(EAST, EAST), undefined, undefined],
    [
      'fits our own cluster alone',
      environments(target('here'), target('here', 'other')),
      undefined,
      undefined,
    ],
    [
      'fits one cluster by namespace',
      environments(EAST, target({ name: 'west' }, 'other')),
      undefined,
      undefined,
    ],
    ['fits nothing', environments(target('here', 'a'), target({ name: 'west' }, 'a')), undefined, undefined],
  ];
  test.each(cases)('%s', (_, of, cluster, says) => {
    const said = unnamedCluster(of, { namespace: 'podinfo', cluster }, 'apps');
    if (says) expect(said).toMatch(says);
    else expect(said).toBeUndefined();
  });
});

describe('the warning of events that cannot be told apart', () => {
  const own = (name: string) => ({ promotion: { strategy: { notification: {}, secretRef: { name } } } });
  const fields = (of: PipelineSpec) =>
    specWarnings(of, { namespace: 'apps' }).flatMap(({ rule, field }) =>
      rule === 'event-cluster' ? [field] : [],
    );

  test.each([
    ['two clusters', environments(EAST, WEST), [1]],
    ['our own cluster and another one', environments(target('here'), EAST), [1]],
    ['three clusters, once for each environment', environments(EAST, WEST, [EAST, WEST]), [1, 2]],
    ['one cluster', environments(EAST, EAST, EAST), []],
    ['two clusters in one environment, which events have to name', environments([EAST, WEST]), []],
    ['a namespace for each', environments(EAST, target({ name: 'west' }, 'other')), []],
    [
      'a cluster of the Pipeline’s namespace that is named twice',
      environments(EAST, target({ name: 'east', namespace: 'apps' })),
      [],
    ],
  ] as [string, PipelineSpec, number[]][])('on %s', (_, of, at) => {
    expect(fields(of)).toEqual(at.map((index) => `spec.environments[${index}].targets[0]`));
  });

  const messageOf = (of: PipelineSpec) =>
    specWarnings(of, { namespace: 'apps' }).find(({ rule }) => rule === 'event-cluster')?.message;

  test('is not given where events have to name their cluster', () => {
    const said = specWarnings(environments(EAST, WEST), { namespace: 'apps', requireEventCluster: true });
    expect(said.map(({ rule }) => rule)).not.toContain('event-cluster');
  });

  test('says what can be done: the last two have one key in any case', () => {
    expect(messageOf(environments(EAST, WEST))).toContain(', or use other namespaces.');
    const three = environments(EAST, WEST, target('here', 'prod'));
    expect(messageOf(three)).toContain(', or use other keys or namespaces.');
  });

  test('is about those that one key signs: the last two have the same one', () => {
    const [dev, staging, prod] = environments(EAST, WEST, target({ name: 'north' })).environments;
    if (!dev || !staging || !prod) throw new Error('three environments are needed');
    const keys = spec({ environments: [dev, { ...staging, ...own('a') }, { ...prod, ...own('b') }] });
    expect(fields(keys)).toEqual(['spec.environments[2].targets[0]']);
    expect(messageOf(keys)).toContain('Secret b');
  });

  test('says nothing where no key signs', () => {
    const { environments: all } = environments(EAST, WEST);
    expect(fields(spec({ environments: all, promotion: { strategy: { notification: {} } } }))).toEqual([]);
  });
});

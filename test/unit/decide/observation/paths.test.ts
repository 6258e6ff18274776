import { describe, expect, test } from 'bun:test';
import type { AppRef, Pipeline, PipelineSpec } from '../../../../src/api/pipeline.ts';
import { pathsOf, sourcesOf } from '../../../../src/decide/model/artifacts.ts';
import { type Observation, readApplication } from '../../../../src/decide/observation/application.ts';
import { parseApplication, showsPaths } from '../../../../src/decide/observation/application-parse.ts';
import { receiveWith, targetToLookAt } from '../../../../src/decide/observation/receive/look.ts';
import { receiveEvent } from '../../../../src/decide/observation/receive.ts';
import { nextSteps } from '../../../../src/decide/promotion/next.ts';
import { readObject } from '../../../fakes/application.ts';
import { at, event, NOW, observed, pipeline, spec } from '../../../fakes/pipeline.ts';
import { DIGEST, HEX } from '../revision/arbitraries.ts';

/** Pipelines whose revision is in the spec of the application. */

const TAG = '.spec.values.image.tag';
const BY_TAG: Partial<PipelineSpec> = { revision: { path: TAG } };
const BOTH: Partial<PipelineSpec> = { artifacts: [{ name: 'chart' }, { name: 'image', path: TAG }] };
const CHART = `6.5.1+${HEX.slice(0, 12)}`;

interface Change {
  tag?: unknown;
  generation?: number;
  suspend?: boolean;
  ready?: object;
  status?: object;
  chart?: string;
}

/** A HelmRelease that has released its values. */
function helm({ tag = '1.9.0', generation = 3, suspend, ready, status, chart = '6.5.0' }: Change = {}) {
  const release = {
    version: 2,
    status: 'deployed',
    chartVersion: chart,
    configDigest: 'sha256:values',
    lastDeployed: at(-60),
    ...(chart === CHART && { ociDigest: DIGEST }),
  };
  return {
    metadata: { generation },
    spec: { ...(suspend !== undefined && { suspend }), values: { image: { tag } } },
    status: {
      observedGeneration: generation,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'UpgradeSucceeded',
          observedGeneration: generation,
          ...ready,
        },
      ],
      lastAttemptedGeneration: generation,
      lastAttemptedConfigDigest: 'sha256:values',
      lastAttemptedRevision: chart,
      history: [release],
      ...status,
    },
  };
}

function seen(object: object, change: Partial<PipelineSpec> = BY_TAG): Observation {
  const { appRef, revision, artifacts } = spec(change);
  return readObject(
    appRef,
    object,
    sourcesOf({ appRef, ...(revision && { revision }), ...(artifacts && { artifacts }) }),
  );
}

const targetOf = (from: Pipeline, name: string) => from.status.environments?.[name]?.targets?.[0];
const steps = (from: Pipeline) => nextSteps({ pipeline: from, pullRequests: {}, requested: false, now: NOW });

/** What dev shows, one look after the other; the others run 1.8.0. */
function looks(objects: readonly object[], change: Partial<PipelineSpec> = BY_TAG): Pipeline {
  const others = seen(helm({ tag: '1.8.0' }), change);
  let from = pipeline(change);
  for (const object of objects) {
    from = observed(from, { dev: seen(object, change), staging: others, prod: others });
  }
  return from;
}

const NEWER = { tag: '1.9.1', generation: 4 } as const;

describe('an application whose spec says its revision', () => {
  test('is ready at what was rolled out', () => {
    expect(seen(helm())).toEqual({
      kind: 'application',
      ready: true,
      revision: '1.9.0',
      deployedAt: at(-60),
    });
    expect(steps(looks([helm()])).staging).toMatchObject({
      kind: 'promote',
      promotion: { revision: '1.9.0' },
    });
  });

  test('is all that is kept of the spec', () => {
    const { appRef } = spec();
    for (const change of [BY_TAG, BOTH]) {
      const paths = pathsOf(spec(change));
      for (const object of [
        helm(),
        helm(NEWER),
        helm({ suspend: true }),
        helm({ tag: 1.1 }),
        helm({ chart: CHART }),
      ]) {
        const kept = parseApplication(object, { kind: appRef, paths });
        expect(showsPaths(kept, paths)).toBe(true);
        expect(JSON.stringify(kept).length).toBeLessThan(700);
      }
    }
    expect(showsPaths(parseApplication(helm()), pathsOf(spec(BY_TAG)))).toBe(false);
    expect(showsPaths(parseApplication(helm()), [])).toBe(true);
  });

  test('promotes nothing of an application that was read without them', () => {
    const { appRef, revision } = spec(BY_TAG);
    const sources = sourcesOf({ appRef, ...(revision && { revision }) });
    expect(readApplication(appRef, parseApplication(helm()), sources)).toMatchObject({
      ready: false,
      keeps: { as: 'unknown' },
    });
  });

  test.each([
    ['a suspend and a new tag in one commit', helm({ ...NEWER, suspend: true }), false],
    ['a tag that moves during an upgrade', helm({ ...NEWER, status: { lastAttemptedGeneration: 3 } }), false],
    ['a generation that nobody has looked at', helm({ ...NEWER, status: { observedGeneration: 3 } }), false],
    ['an upgrade', helm({ ...NEWER, ready: { status: 'Unknown', reason: 'Progressing' } }), false],
    [
      'an upgrade that failed',
      helm({ ...NEWER, ready: { status: 'False', reason: 'UpgradeFailed', message: 'no' } }),
      false,
    ],
    ['a tag that is a number', helm({ ...NEWER, tag: 1.9 }), false],
    ['a tag that is gone', helm({ ...NEWER, tag: null }), false],
  ])('%s: what is recorded stays, and nothing is promoted', (_, object, ready) => {
    const from = looks([helm({ tag: '1.8.0' }), object]);
    expect(targetOf(from, 'dev')).toMatchObject({ revision: '1.8.0', ready });
    expect(steps(from).staging).toEqual({ kind: 'rest' });
    expect(targetOf(looks([object]), 'dev')).not.toHaveProperty('revision');
    expect(targetOf(looks([object]), 'dev')).toMatchObject({ ready: false, error: expect.any(String) });
  });

  test('that is suspended shows what it runs, says what does not run, and is promoted by nothing', () => {
    const suspended = 'It is suspended: resume it to have it deployed and promoted.';
    const from = looks([helm({ tag: '1.8.0' }), helm({ ...NEWER, suspend: true })]);
    expect(targetOf(from, 'dev')).toMatchObject({
      ready: false,
      revision: '1.8.0',
      error: `${suspended} Its spec says 1.9.1. Its revision is known once it is rolled out.`,
    });
    const same = looks([helm(), helm({ suspend: true })]);
    expect(targetOf(same, 'dev')).toMatchObject({ ready: false, revision: '1.9.0' });
    expect(same.status.environments?.dev?.deployment).toMatchObject({ phase: 'Succeeded' });
    const resumed = looks([helm(), helm({ suspend: true }), helm()]);
    expect(targetOf(resumed, 'dev')).toMatchObject({ ready: true, revision: '1.9.0' });
    expect(targetOf(resumed, 'dev')).not.toHaveProperty('error');
  });

  test('that is reconciled once more stays ready at what is recorded', () => {
    const again = helm({ ready: { status: 'Unknown', reason: 'Progressing' } });
    const from = looks([helm(), again]);
    expect(targetOf(from, 'dev')).toMatchObject({ revision: '1.9.0', ready: true });
    expect(from.status.environments?.dev?.deployment).toMatchObject({
      phase: 'Succeeded',
      revision: '1.9.0',
    });
  });

  test('that is being upgraded says to what, and what failed', () => {
    const upgrading = looks([
      helm(),
      helm({ ...NEWER, ready: { status: 'Unknown', reason: 'Progressing' } }),
    ]);
    expect(upgrading.status.environments?.dev?.deployment).toMatchObject({
      phase: 'Progressing',
      revision: '1.9.1',
    });
    const failed = looks([
      helm(),
      helm({ ...NEWER, ready: { status: 'False', reason: 'UpgradeFailed', message: 'no' } }),
    ]);
    expect(failed.status.environments?.dev?.deployment).toMatchObject({
      phase: 'Failed',
      revision: '1.9.1',
      message: 'no',
    });
  });

  test('that went back is no revision to promote', () => {
    const from = looks([helm({ tag: '1.9.1' }), helm({ tag: '1.7.0', generation: 5 })]);
    expect(steps(from).staging).toMatchObject({
      kind: 'record',
      promotion: { phase: 'Superseded', revision: '1.7.0' },
    });
  });

  test('tells in a sentence what is wrong at the path, and never what stands there', () => {
    const from = looks([helm({ tag: 'hunter2 is the password' })]);
    const error = targetOf(from, 'dev')?.error ?? '';
    expect(error).toBe(
      `The HelmRelease has something at ${TAG} that is not a version, tag, digest, commit or image: point spec.revision.path to one.`,
    );
  });

  test('begins anew where its revision was read elsewhere before', () => {
    const before = looks([helm()], {});
    expect(targetOf(before, 'dev')).toMatchObject({ revision: '6.5.0' });
    expect(before.status).not.toHaveProperty('revisionsFrom');
    const from = { ...before, spec: spec(BY_TAG) };
    const suspended = observed(from, { dev: seen(helm({ suspend: true })) });
    expect(targetOf(suspended, 'dev')).not.toHaveProperty('revision');
    expect(suspended.status).toMatchObject({ revisionsFrom: TAG });
    expect(suspended.status.executions ?? []).toEqual([]);
  });
});

describe('an application of another kind', () => {
  const APP: AppRef = { apiVersion: 'example.com/v1', kind: 'App', name: 'app' };
  const sources = sourcesOf({ appRef: APP, revision: { path: '.spec.tag' } });
  const app = (status: object, condition: object = {}) => ({
    metadata: { generation: 7 },
    spec: { tag: '1.9.0' },
    status: { conditions: [{ type: 'Ready', status: 'True', ...condition }], ...status },
  });

  test.each([
    ['of its generation', app({ observedGeneration: 7 }), true],
    ['whose condition is of its generation, as text', app({}, { observedGeneration: '7' }), true],
    ['of an earlier generation', app({ observedGeneration: 6 }), false],
    [
      'whose condition is of an earlier one, as text',
      app({ observedGeneration: 7 }, { observedGeneration: '6' }),
      false,
    ],
    ['of a later one, as after a restore', app({ observedGeneration: 8 }), false],
    ['that does not say of which', app({}), false],
  ])('%s: ready %p', (_, object, ready) => {
    expect(readObject(APP, object, sources)).toMatchObject({ ready });
  });
});

describe('several artifacts', () => {
  test('of which none has a path are what Flux says', () => {
    const change = { artifacts: [{ name: 'chart' }] };
    expect(seen(helm({ chart: CHART }), change)).toMatchObject({
      ready: true,
      revision: `chart=${CHART}`,
      fullRevision: `chart=6.5.1@${DIGEST}`,
    });
    const failed = helm({ ready: { status: 'False', reason: 'UpgradeFailed' } });
    expect(seen(failed, change)).toMatchObject({ ready: false, failed: 'chart=6.5.0' });
  });

  test('that are too long in all are said to be, whatever becomes of them', () => {
    const artifacts = Array.from({ length: 8 }, (_, index) => ({ name: `a${index}`, path: TAG }));
    const tag = 'x'.repeat(100);
    for (const ready of [
      {},
      { status: 'False', reason: 'UpgradeFailed' },
      { status: 'Unknown', reason: 'Progressing' },
    ]) {
      const found = seen(helm({ tag, ready }), { artifacts });
      expect(found).toMatchObject({ ready: false, message: expect.stringContaining('name fewer artifacts') });
      expect(found).not.toHaveProperty('failed');
      expect(found).not.toHaveProperty('deploying');
    }
  });

  test('are one revision, with what Flux says of the chart', () => {
    expect(seen(helm(), BOTH)).toMatchObject({ ready: true, revision: 'chart=6.5.0,image=1.9.0' });
    expect(seen(helm({ chart: CHART }), BOTH)).toMatchObject({
      revision: `chart=${CHART},image=1.9.0`,
      fullRevision: `chart=6.5.1@${DIGEST},image=1.9.0`,
    });
  });

  test('are deployed as the chart that Flux tries, before its status shows that chart', () => {
    const underWay = helm({
      ready: { status: 'Unknown', reason: 'Progressing' },
      status: { lastAttemptedRevision: '6.6.0' },
    });
    expect(seen(underWay, BOTH)).toMatchObject({
      ready: false,
      deploying: { revision: 'chart=6.6.0,image=1.9.0' },
    });
  });

  test('go on together when one of them is newer, and stay when one of them is older', () => {
    expect(steps(looks([helm()], BOTH)).staging).toMatchObject({
      kind: 'promote',
      promotion: { revision: 'chart=6.5.0,image=1.9.0' },
    });
    const older = steps(looks([helm({ tag: '1.7.0', chart: '6.6.0' })], BOTH)).staging;
    expect(older).toMatchObject({
      promotion: { phase: 'Superseded', message: expect.stringContaining('a downgrade') },
    });
  });

  test('wait for versions each', () => {
    const promotion = {
      ...spec().promotion,
      gates: { artifactVersions: [{ name: 'image', versions: '<1.9.0' }] },
    };
    const from = looks([helm()], { ...BOTH, promotion } as Partial<PipelineSpec>);
    expect(steps(from).staging).toMatchObject({
      promotion: {
        phase: 'Pending',
        message: expect.stringContaining('has the image 1.9.0, which is not in <1.9.0'),
      },
    });
  });
});

const DEPLOYMENT: AppRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' };

test('a Deployment is ready at the tag and digest of its first container, or of the one that is named', () => {
  const read = (revision?: PipelineSpec['revision']) => readDeployment({}, revision);
  expect(read()).toEqual({ kind: 'application', ready: true, revision: `1.9.0@${DIGEST}` });
  expect(read({ path: '.spec.template.spec.containers[name=proxy].image' })).toMatchObject({
    revision: '1.30',
  });
});

test('a Deployment that is paused shows what it ran, and nothing is promoted from it', () => {
  const change = { appRef: DEPLOYMENT };
  const [runs, paused] = [readDeployment(), readDeployment({ paused: true })];
  let from = pipeline(change);
  for (const dev of [runs, paused]) from = observed(from, { dev, staging: runs, prod: runs });
  expect(targetOf(from, 'dev')).toMatchObject({
    ready: false,
    revision: `1.9.0@${DIGEST}`,
    error: expect.stringMatching(/^It is paused: resume it /),
  });
  from = observed(from, { dev: runs, staging: runs, prod: runs });
  expect(targetOf(from, 'dev')).toMatchObject({ ready: true, revision: `1.9.0@${DIGEST}` });
});

/** One that is rolled out, but for the change of its spec. */
function readDeployment(change: object = {}, revision?: PipelineSpec['revision']): Observation {
  const object = {
    metadata: { generation: 1 },
    spec: {
      ...change,
      replicas: 1,
      template: {
        spec: {
          containers: [
            { name: 'app', image: `ghcr.io/acme/shop:1.9.0@${DIGEST}` },
            { name: 'proxy', image: 'envoy:1.30' },
          ],
        },
      },
    },
    status: {
      observedGeneration: 1,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
      conditions: [{ type: 'Available', status: 'True' }],
    },
  };
  return readObject(DEPLOYMENT, object, sourcesOf({ appRef: DEPLOYMENT, ...(revision && { revision }) }));
}

describe('an event', () => {
  const sent = (
    change: Partial<PipelineSpec>,
    from: Pipeline | undefined,
    metadata: Record<string, string>,
  ) =>
    receiveEvent(
      from ?? pipeline(change),
      'dev',
      event({ metadata: { revision: '6.5.0', ...metadata } }),
      NOW,
    );

  test('about an application that can be read is a reason to look, and no more', () => {
    const from = looks([helm({ tag: '1.8.0' })]);
    expect(sent(BY_TAG, from, { image: '6.6.6' })).toEqual({
      kind: 'taken',
      outcome: 'unchanged',
      environment: 'dev',
      revision: '1.8.0',
      looks: true,
    });
    const target = targetToLookAt(from, 'dev', event(), NOW);
    expect(target).toEqual({ namespace: 'dev' });
    const looked = receiveWith(
      { target: { namespace: 'dev' }, seen: seen(helm()) },
      from,
      { environment: 'dev', event: event() },
      NOW,
    );
    expect(looked).toMatchObject({ kind: 'taken', outcome: 'unchanged', revision: '1.9.0' });
    expect(looked.status?.environments?.dev?.targets?.[0]).toMatchObject({ revision: '1.9.0', ready: true });
  });

  test('is believed where the application could not be looked at just now, whatever is recorded', () => {
    const change = { revision: { path: TAG, event: 'image' } };
    const from = looks([helm({ tag: '1.8.0' })], change);
    const said = event({ metadata: { revision: '6.5.0', image: '1.9.0' }, timestamp: at(60) });
    expect(receiveWith(undefined, from, { environment: 'dev', event: said }, NOW)).toMatchObject({
      outcome: 'accepted',
      revision: '1.9.0',
    });
  });

  test('about one that cannot be read is believed in what its key says', () => {
    const change = { revision: { path: TAG, event: 'image' } };
    for (const image of ['1.9.0', 'ghcr.io/acme/shop:1.9.0']) {
      expect(sent(change, undefined, { image })).toMatchObject({ outcome: 'accepted', revision: '1.9.0' });
    }
    const withGroup = sent(change, undefined, { 'event.toolkit.fluxcd.io/image': '1.9.0' });
    expect(withGroup).toMatchObject({ revision: '1.9.0' });
    const artifacts = { artifacts: [{ name: 'chart' }, { name: 'image', path: TAG, event: 'image' }] };
    expect(
      sent(artifacts, undefined, { image: '1.9.0', revision: CHART, 'oci-digest': DIGEST }),
    ).toMatchObject({
      revision: `chart=${CHART},image=1.9.0`,
      status: { environments: { staging: { promotion: { revision: `chart=6.5.1@${DIGEST},image=1.9.0` } } } },
    });
  });

  test.each([
    ['TestSucceeded', 'info', 'accepted'],
    ['TestSucceeded', 'error', 'recorded'],
    ['Progressing', 'info', 'recorded'],
  ] as const)('of the reason %s and severity %s is %s', (reason, severity, outcome) => {
    const change = { revision: { path: TAG, event: 'image' } };
    const said = event({ reason, severity, metadata: { revision: '6.5.0', image: '1.9.0' } });
    expect(receiveEvent(pipeline(change), 'dev', said, NOW)).toMatchObject({ outcome });
  });

  test('remembers the tag of the chart that is one of several artifacts', () => {
    const change = { artifacts: [{ name: 'chart' }, { name: 'image', path: TAG, event: 'image' }] };
    const metadata = { image: '1.9.0', revision: CHART, 'oci-digest': `v6.5.1@${DIGEST}` };
    expect(sent(change, undefined, metadata)).toMatchObject({
      status: { environments: { dev: { targets: [{ tag: 'v6.5.1' }] } } },
    });
  });

  test.each([
    ['without a key in the Pipeline', BY_TAG, { image: '1.9.0' }, 'set spec.revision.event'],
    [
      'without the key',
      { revision: { path: TAG, event: 'image' } },
      {},
      'The event has no image in its metadata',
    ],
    [
      'with another thing',
      { revision: { path: TAG, event: 'image' } },
      { image: 'a b' },
      'is not a version, tag',
    ],
    [
      'with a key that every object has',
      { revision: { path: TAG, event: 'constructor' } },
      {},
      'has no constructor',
    ],
    [
      'with an image that has no tag',
      { revision: { path: TAG, event: 'image' } },
      { image: 'a.example/b' },
      'is not a version',
    ],
  ] as const)('%s is refused with a sentence', (_, change, metadata, words) => {
    const receipt = sent(change, undefined, metadata);
    expect(receipt).toMatchObject({ kind: 'refused', problem: expect.stringContaining(words) });
    expect(JSON.stringify(receipt)).not.toContain('a b');
  });

  test('that Helm tests have passed counts where a key says the revision', () => {
    const tested = (change: Partial<PipelineSpec>) =>
      receiveEvent(
        pipeline(change),
        'dev',
        event({ reason: 'TestSucceeded', metadata: { revision: '6.5.0', image: '1.9.0' } }),
        NOW,
      );
    expect(tested({ revision: { path: TAG, event: 'image' } })).toMatchObject({ outcome: 'accepted' });
    expect(tested({})).toMatchObject({ outcome: 'recorded' });
  });
});

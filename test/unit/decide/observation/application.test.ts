import { describe, expect, test } from 'bun:test';
import type { AppRef } from '../../../../src/api/pipeline.ts';
import { parseRevisionPaths, revisionPathOf } from '../../../../src/decide/model/revision-path.ts';
import { type Observation, readApplication } from '../../../../src/decide/observation/application.ts';
import { parseApplication } from '../../../../src/decide/observation/application-parse.ts';
import { readObject } from '../../../fakes/application.ts';

const HELM: AppRef = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' };
const TIME = '2026-11-21T10:00:00Z';

interface Change {
  generation?: number;
  ready?: { status?: string; reason?: string; message?: string; observedGeneration?: number } | null;
  status?: object;
}

/** An object of Flux, ready for its generation unless said otherwise. */
function object({ generation = 2, ready = {}, status = {} }: Change = {}) {
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: 'UpgradeSucceeded',
    message: 'Helm upgrade succeeded',
    observedGeneration: generation,
    lastTransitionTime: TIME,
    ...ready,
  };
  return {
    metadata: { generation },
    status: { observedGeneration: generation, conditions: ready === null ? [] : [condition], ...status },
  };
}

/** Of generation 2, with this status alone. */
function bare(status: object) {
  return {
    metadata: { generation: 2 },
    status: { conditions: [{ type: 'Ready', status: 'True' }], ...status },
  };
}

const deployed = { chartVersion: '1.1.0', status: 'deployed', lastDeployed: '2026-11-21T09:59:00Z' };
const RUNNING = { kind: 'application', revision: '1.1.0' } as const;

const RUNS = { history: [deployed] };
const SUSPENDED = 'It is suspended: resume it to have it deployed and promoted.';
const TESTS = 'Waits until its Helm tests have passed.';
const AWAITING = { status: 'Unknown', reason: 'AwaitingTests', message: 'is awaiting tests' };

/** A HelmRelease with Helm tests, released, with what came of the tests. */
function tested(success: string | undefined, ready = {}, release = {}, test = {}) {
  const given = object({
    ready,
    status: { history: [{ ...deployed, ...release }], lastAttemptedRevision: '1.1.0' },
  });
  const conditions = [
    ...given.status.conditions,
    { type: 'Released', status: 'True', reason: 'UpgradeSucceeded' },
    ...(success === undefined ? [] : [{ type: 'TestSuccess', status: success, observedGeneration: 1 }]),
  ];
  return { ...given, spec: { test: { enable: true, ...test } }, status: { ...given.status, conditions } };
}

const cases: [what: string, object: object, seen: Partial<Observation>][] = [
  [
    'a HelmRelease v2 by the deployed release in its history',
    object({ status: { history: [deployed] } }),
    { ...RUNNING, ready: true, deployedAt: deployed.lastDeployed },
  ],
  [
    'a HelmRelease v2 whose upgrade failed by the release that still runs',
    object({
      ready: { status: 'False', reason: 'UpgradeFailed', message: 'timed out' },
      status: {
        history: [{ chartVersion: '1.2.0', status: 'failed' }, deployed],
        lastAttemptedRevision: '1.2.0',
      },
    }),
    { ...RUNNING, ready: false, failed: '1.2.0', message: 'timed out' },
  ],
  [
    'a HelmRelease v2beta1 by its last applied revision',
    object({ status: { lastAppliedRevision: '1.1.0' } }),
    { ...RUNNING, ready: true, deployedAt: TIME },
  ],
  [
    'a Kustomization by its last applied revision',
    object({
      ready: { reason: 'ReconciliationSucceeded' },
      status: { lastAppliedRevision: 'main@sha1:4f0c04b7' },
    }),
    { kind: 'application', ready: true, revision: 'main@sha1:4f0c04b7' },
  ],
  [
    'one that is being upgraded as not ready',
    object({
      ready: { status: 'Unknown', reason: 'Progressing', message: "Running 'upgrade'" },
      status: { history: [deployed] },
    }),
    { ...RUNNING, ready: false, message: "Running 'upgrade'" },
  ],
  [
    'a HelmRelease whose conditions are written and whose history is not yet as being deployed',
    object({ status: { history: [deployed], lastAttemptedRevision: '1.2.0' } }),
    {
      ...RUNNING,
      ready: false,
      deploying: { revision: '1.2.0' },
      message: 'It is ready, and its status shows 1.1.0 until Flux writes 1.2.0 there.',
    },
  ],
  [
    'a Kustomization whose conditions are written and whose revision is not yet as being deployed',
    object({ status: { lastAppliedRevision: 'main@sha1:a', lastAttemptedRevision: 'main@sha1:b' } }),
    { kind: 'application', revision: 'main@sha1:a', ready: false, deploying: { revision: 'main@sha1:b' } },
  ],
  [
    'one whose newest generation was not looked at as not ready',
    object({ generation: 3, ready: { observedGeneration: 2 }, status: { history: [deployed] } }),
    {
      ...RUNNING,
      ready: false,
      deploying: {},
      message: 'Flux has not observed its latest generation yet.',
    },
  ],
  [
    'one that waits for another as not ready and not failed',
    object({
      ready: { status: 'False', reason: 'DependencyNotReady', message: 'waits' },
      status: { lastAttemptedRevision: '1.2.0' },
    }),
    { kind: 'application', ready: false, message: 'Waits for its dependencies: waits' },
  ],
  [
    'one whose generation of before was not looked at for a suspend as suspended',
    {
      ...object({
        generation: 3,
        ready: { observedGeneration: 2 },
        status: { ...RUNS, observedGeneration: 2 },
      }),
      spec: { suspend: true },
    },
    { ...RUNNING, ready: false, message: SUSPENDED },
  ],
  [
    'one that was suspended while its controller wrote as suspended',
    { ...object({ status: RUNS }), spec: { suspend: true } },
    { ...RUNNING, ready: false, message: SUSPENDED },
  ],
  [
    'one that was suspended during an upgrade as suspended, and nothing as under way',
    {
      ...object({ ready: { status: 'Unknown' }, status: { ...RUNS, lastAttemptedRevision: '1.2.0' } }),
      spec: { suspend: true },
    },
    { ...RUNNING, ready: false, message: SUSPENDED },
  ],
  [
    'one that was resumed as ready',
    { ...object({ status: RUNS }), spec: { suspend: false } },
    { ready: true },
  ],
  ['one whose Helm tests are to come', tested('Unknown', AWAITING), { ready: false, message: TESTS }],
  [
    'one whose Helm tests are to come though it is Ready',
    tested('Unknown'),
    { ...RUNNING, ready: false, message: TESTS },
  ],
  [
    'one that is being upgraded, and was tested before, by what is under way',
    tested(undefined, { status: 'Unknown', message: 'Running upgrade' }, { status: 'pending-upgrade' }),
    { ready: false, message: 'Running upgrade' },
  ],
  [
    'one that is tested anew with other values as not ready',
    tested('Unknown', AWAITING),
    { ...RUNNING, ready: false, deploying: { revision: '1.1.0' } },
  ],
  ['one that was never tested', tested(undefined), { ready: false, message: TESTS }],
  ['one whose tests were switched on again', tested(undefined, {}, { testHooks: {} }), { ready: true }],
  ['one whose Helm tests have passed', tested('True'), { ...RUNNING, ready: true }],
  [
    'one whose Helm tests failed',
    tested('False', { status: 'False', reason: 'TestFailed', message: 'Helm test failed for release' }),
    { ready: false, failed: '1.1.0', message: 'Helm test failed for release' },
  ],
  [
    'one whose Helm tests failed though it is Ready',
    tested('False'),
    { ready: false, message: 'Its Helm tests failed.' },
  ],
  [
    'one whose Helm tests failed and do not count',
    tested('False', {}, {}, { ignoreFailures: true }),
    { ready: true },
  ],
  ['one whose Helm tests are switched off', tested('False', {}, {}, { enable: false }), { ready: true }],
  [
    'one that is rolled back after its tests failed by what that says',
    tested('False', { status: 'False', reason: 'RollbackSucceeded', message: 'Helm rollback succeeded' }),
    { ready: false, message: 'Helm rollback succeeded' },
  ],
  [
    'one without a Ready condition as not ready',
    object({ ready: null }),
    { ready: false, message: 'It has no Ready condition yet.' },
  ],
  [
    'one that is ready but names no revision as not ready',
    object(),
    { ready: false, message: 'It is ready, but does not report which revision it runs.' },
  ],
  [
    'one whose own generation is a text like the rest',
    bare({ observedGeneration: '1' }),
    { ready: false, message: 'Flux has not observed its latest generation yet.' },
  ],
  [
    'one whose condition has its generation as a text like the rest',
    {
      metadata: { generation: 2 },
      status: { conditions: [{ type: 'Ready', status: 'True', observedGeneration: '1' }] },
    },
    { ready: false, message: 'Flux has not observed its latest generation yet.' },
  ],
  [
    'one whose other conditions and times are odd by what is well',
    {
      metadata: { generation: 1 },
      status: {
        conditions: [
          { type: 'Odd', status: 7 },
          { type: 'Ready', status: 'True', lastTransitionTime: 'now' },
        ],
        history: 'none',
        lastAppliedRevision: '1.1.0',
      },
    },
    { ...RUNNING, ready: true },
  ],
  [
    'one with a revision too long to be recorded as unreadable',
    object({ status: { lastAppliedRevision: 'x'.repeat(513) } }),
    { kind: 'unreadable', error: 'The HelmRelease runs a revision of more than 512 characters.' },
  ],
  [
    'one with a revision whose cut would fall into a character as unreadable',
    object({ status: { lastAppliedRevision: `${'x'.repeat(511)}😀${'x'.repeat(9)}` } }),
    { kind: 'unreadable', error: 'The HelmRelease runs a revision of more than 512 characters.' },
  ],
  [
    'one with a revision of several lines as unreadable',
    object({ status: { lastAppliedRevision: '1.0.0\nCo-authored-by: x' } }),
    {
      kind: 'unreadable',
      error: 'The HelmRelease runs a revision with control or invisible characters: deploy one without them.',
    },
  ],
  ['one without a status as not ready', { metadata: {} }, { kind: 'application', ready: false }],
  ['something else as unreadable', { metadata: { generation: 'x' } }, { kind: 'unreadable' }],
];

describe('reading an application', () => {
  test('leaves out a revision that was attempted and cannot be shown', () => {
    const conditions = [{ type: 'Ready', status: 'False', reason: 'UpgradeFailed' }];
    const attempt = (lastAttemptedRevision: string) =>
      readObject(
        HELM,
        object({ status: { conditions, lastAppliedRevision: '1.1.0', lastAttemptedRevision } }),
      );
    expect(attempt('1.2.0')).toMatchObject({ kind: 'application', failed: '1.2.0' });
    expect(attempt('1.2.0\u202e')).not.toHaveProperty('failed');
  });

  test.each(cases)('reads %s', (_, given, seen) => {
    expect(readObject(HELM, given)).toMatchObject(seen);
  });

  test('takes another kind for ready that attempted a revision which changed nothing', () => {
    const terraform = { ...HELM, apiVersion: 'infra.contrib.fluxcd.io/v1alpha2', kind: 'Terraform' };
    const status = { lastAppliedRevision: 'main@sha1:a', lastAttemptedRevision: 'main@sha1:b' };
    expect(readObject(terraform, object({ status }))).toMatchObject({
      ready: true,
      revision: 'main@sha1:a',
    });
  });

  test('takes nothing for under way that is suspended', () => {
    const given = object({ generation: 3, ready: { observedGeneration: 2 }, status: RUNS });
    expect(readObject(HELM, given)).toHaveProperty('deploying');
    expect(readObject(HELM, { ...given, spec: { suspend: true } })).not.toHaveProperty('deploying');
  });

  test('finds no failure where there is none', () => {
    const waiting = object({
      ready: { status: 'False', reason: 'DependencyNotReady' },
      status: { lastAttemptedRevision: '1.2.0' },
    });
    expect(readObject(HELM, waiting)).not.toHaveProperty('failed');
  });

  test('keeps what it needs and no more', () => {
    const noise = { managedFields: ['x'.repeat(10_000)], name: 'app' };
    const given = object({
      ready: { message: 'm'.repeat(10_000) },
      status: { history: [deployed, deployed] },
    });
    const kept = parseApplication({ ...given, metadata: { generation: 2, ...noise }, spec: noise });
    expect(JSON.stringify(kept).length).toBeLessThan(2000);
  });
});

describe('the revision at a path of the kind', () => {
  const ROLLOUT: AppRef = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'app' };
  const path = revisionPathOf(parseRevisionPaths('Rollout.argoproj.io=.status.currentPodHash'), ROLLOUT);
  const unusable = {
    kind: 'unreadable',
    error:
      'The Rollout has no text or number of at most 512 characters at .status.currentPodHash: correct --revision-paths.',
  };
  const silent =
    'It is ready, but does not report which revision it runs, which is expected at .status.currentPodHash.';

  test.each<[what: string, value: unknown, seen: object]>([
    ['a text', '5d4f', { ready: true, revision: '5d4f' }],
    ['a number', 7, { ready: true, revision: '7' }],
    ['nothing', undefined, { ready: false, message: silent }],
    ['null', null, { ready: false, message: silent }],
    ['an empty text', '', { ready: false, message: silent }],
    ['a truth value', true, unusable],
    ['an object', {}, unusable],
    ['a text of 512 characters', 'x'.repeat(512), { ready: true }],
    ['a text of 513 characters', 'x'.repeat(513), unusable],
  ])('is read from %s', (_, value, seen) => {
    const given = object({ status: { currentPodHash: value, lastAppliedRevision: 'not this' } });
    const found = readApplication(ROLLOUT, parseApplication(given, { path }));
    expect(found).toMatchObject(seen);
    expect(found).not.toHaveProperty('revision', 'not this');
  });
});

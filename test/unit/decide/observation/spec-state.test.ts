import { describe, expect, test } from 'bun:test';
import { specState } from '../../../../src/decide/observation/spec-state.ts';

const HELM = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease' };
const KUSTOMIZATION = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' };
const apps = (kind: string) => ({ apiVersion: 'apps/v1', kind });
const AT = '2026-11-21T10:00:00Z';

interface Change {
  metadata?: object;
  spec?: object;
  ready?: object;
  conditions?: object[];
  status?: object;
}

const RELEASE = { version: 4, status: 'deployed', configDigest: 'sha256:new', lastDeployed: AT };
const OLD_RELEASE = { version: 3, status: 'superseded', configDigest: 'sha256:old', lastDeployed: AT };

const TESTED = { spec: { test: { enable: true } } };
const RELEASED = { type: 'Released', status: 'True' };

/** A HelmRelease that has released the values of its generation, 7, but for the change. */
function helm({ metadata, spec, ready, conditions = [], status }: Change = {}) {
  return {
    metadata: { generation: 7, ...metadata },
    spec: { ...spec },
    status: {
      observedGeneration: 7,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'UpgradeSucceeded', observedGeneration: 7, ...ready },
        ...conditions,
      ],
      lastAttemptedGeneration: 7,
      lastAttemptedConfigDigest: 'sha256:new',
      history: [RELEASE, OLD_RELEASE],
      ...status,
    },
  };
}

describe('a HelmRelease', () => {
  test('runs what its spec says once Helm has released its values, since then', () => {
    expect(specState(HELM, helm())).toEqual({ kind: 'deployed', since: AT });
    expect(specState(HELM, helm({ status: { history: [OLD_RELEASE, RELEASE] } }))).toMatchObject({
      kind: 'deployed',
    });
  });

  test('whose releases have no version has released the first of them last, as helm-controller lists them', () => {
    const history = [RELEASE, OLD_RELEASE].map((release) => ({ ...release, version: undefined }));
    expect(specState(HELM, helm({ status: { history } }))).toEqual({ kind: 'deployed', since: AT });
  });

  test.each([
    ['is suspended', { spec: { suspend: true } }, 'held'],
    ['is being deleted', { metadata: { deletionTimestamp: AT } }, 'held'],
    ['was not looked at', { metadata: { generation: 8 } }, 'under-way'],
    ['was not looked at by what set Ready', { ready: { observedGeneration: 6 } }, 'under-way'],
    ['is being upgraded', { ready: { status: 'Unknown', reason: 'Progressing' } }, 'reconciling'],
    ['says that it reconciles', { conditions: [{ type: 'Reconciling', status: 'True' }] }, 'reconciling'],
    ['has failed', { ready: { status: 'False', reason: 'UpgradeFailed', message: 'timed out' } }, 'failed'],
    ['stands still', { conditions: [{ type: 'Stalled', status: 'True', message: 'no' }] }, 'failed'],
    [
      'is not ready for another reason',
      { ready: { status: 'False', reason: 'ArtifactFailed' } },
      'under-way',
    ],
    ['has no Ready condition', { status: { conditions: [] } }, 'under-way'],
    ['changed while it was upgraded', { status: { lastAttemptedGeneration: 6 } }, 'under-way'],
    ['has released other values', { status: { lastAttemptedConfigDigest: 'sha256:newer' } }, 'under-way'],
    [
      'is between two releases',
      { status: { history: [{ ...RELEASE, status: 'pending-upgrade' }] } },
      'under-way',
    ],
    [
      'went back to the release before',
      { status: { history: [{ ...OLD_RELEASE, version: 5, status: 'deployed' }, RELEASE] } },
      'under-way',
    ],
    ['was never tested', { ...TESTED, conditions: [RELEASED] }, 'under-way'],
    [
      'awaits its tests',
      { ...TESTED, conditions: [{ type: 'TestSuccess', status: 'Unknown' }] },
      'under-way',
    ],
    [
      'has failed its tests',
      { ...TESTED, conditions: [{ type: 'TestSuccess', status: 'False' }] },
      'under-way',
    ],
    ['waits for another', { ready: { status: 'False', reason: 'DependencyNotReady' } }, 'under-way'],
    ['has no history', { status: { history: [] } }, 'under-way'],
  ] as const)('that %s does not', (_, change, kind) => {
    expect(specState(HELM, helm(change as Change))).toMatchObject({ kind, message: expect.any(String) });
  });

  test('whose tests have passed runs what its spec says', () => {
    const passed = { ...TESTED, conditions: [RELEASED, { type: 'TestSuccess', status: 'True' }] };
    expect(specState(HELM, helm(passed)).kind).toBe('deployed');
  });

  test('of a helm-controller that does not say which values it has released gets the advice which one does', () => {
    const old = helm({ status: { history: [{ ...RELEASE, configDigest: undefined }] } });
    expect(specState(HELM, old)).toMatchObject({ message: expect.stringContaining('helm-controller') });
  });

  test('that is no object of the kind is not understood, and nothing breaks', () => {
    for (const object of [null, 1, [], {}, { metadata: { generation: 'x' } }, { metadata: {}, status: 3 }]) {
      expect(specState(HELM, object).kind).not.toBe('deployed');
    }
  });
});

describe('a Kustomization', () => {
  const object = (change: Change = {}) => {
    const {
      lastAttemptedConfigDigest: _,
      lastAttemptedGeneration: __,
      history: ___,
      ...status
    } = helm(change).status;
    return { ...helm(change), status: { ...status, ...change.status } };
  };

  test('runs what its spec says once it is Ready at its generation', () => {
    expect(specState(KUSTOMIZATION, object({ ready: { lastTransitionTime: AT } }))).toEqual({
      kind: 'deployed',
      since: AT,
    });
    const history = [
      { digest: 'sha256:a', firstReconciled: AT, lastReconciled: AT, totalReconciliations: 1 },
    ];
    expect(specState(KUSTOMIZATION, object({ status: { history } }))).toEqual({
      kind: 'deployed',
      since: AT,
    });
  });

  test('has no time that is none', () => {
    const history = [{ firstReconciled: 'garbage', lastReconciled: AT }];
    expect(specState(KUSTOMIZATION, object({ status: { history } }))).not.toHaveProperty('since', 'garbage');
  });

  test('that is suspended, or was not looked at, does not', () => {
    expect(specState(KUSTOMIZATION, object({ spec: { suspend: true } })).kind).toBe('held');
    expect(specState(KUSTOMIZATION, object({ metadata: { generation: 8 } })).kind).toBe('under-way');
  });
});

const DEPLOYED = {
  replicas: 3,
  updatedReplicas: 3,
  readyReplicas: 3,
  availableReplicas: 3,
  conditions: [
    { type: 'Available', status: 'True' },
    { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', lastUpdateTime: AT },
  ],
};
const SET = {
  replicas: 3,
  readyReplicas: 3,
  currentReplicas: 3,
  updatedReplicas: 3,
  currentRevision: 'a',
  updateRevision: 'a',
};
const DAEMON = {
  desiredNumberScheduled: 2,
  currentNumberScheduled: 2,
  updatedNumberScheduled: 2,
  numberAvailable: 2,
  numberReady: 2,
};
const workload = (status: object, spec: object = {}, generation = 4) => ({
  metadata: { generation },
  spec: { replicas: 3, progressDeadlineSeconds: 600, ...spec },
  status: { observedGeneration: 4, ...status },
});

describe('a workload', () => {
  test.each([
    ['Deployment', workload(DEPLOYED), { kind: 'deployed', since: AT }],
    [
      'Deployment',
      workload(
        { ...DEPLOYED, replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0 },
        { replicas: 0 },
      ),
      { kind: 'deployed', since: AT },
    ],
    ['StatefulSet', workload(SET), { kind: 'deployed' }],
    [
      'StatefulSet',
      workload({ ...SET, currentRevision: 'b' }, { updateStrategy: { type: 'OnDelete' } }),
      { kind: 'deployed' },
    ],
    ['DaemonSet', workload(DAEMON), { kind: 'deployed' }],
  ] as const)('%s is there', (kind, object, state) => {
    expect(specState(apps(kind), object)).toEqual(state);
  });

  test.each([
    ['Deployment', 'whose newest generation was not looked at', workload(DEPLOYED, {}, 5), 'under-way'],
    ['Deployment', 'that was never looked at', { metadata: { generation: 1 }, spec: {} }, 'under-way'],
    ['Deployment', 'with a Pod of before', workload({ ...DEPLOYED, replicas: 4 }), 'under-way'],
    [
      'Deployment',
      'with a Pod that is not updated',
      workload({ ...DEPLOYED, updatedReplicas: 2 }),
      'under-way',
    ],
    [
      'Deployment',
      'with a Pod that is not available',
      workload({ ...DEPLOYED, availableReplicas: 2 }),
      'under-way',
    ],
    ['Deployment', 'with a Pod that is not ready', workload({ ...DEPLOYED, readyReplicas: 2 }), 'under-way'],
    [
      'Deployment',
      'that progresses',
      workload({
        ...DEPLOYED,
        conditions: [{ type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' }],
      }),
      'under-way',
    ],
    [
      'Deployment',
      'past its deadline',
      workload({
        ...DEPLOYED,
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
      }),
      'failed',
    ],
    ['Deployment', 'that is paused', workload(DEPLOYED, { paused: true }), 'held'],
    [
      'StatefulSet',
      'that is being rolled out',
      workload({ ...SET, currentRevision: 'b', updatedReplicas: 1 }),
      'under-way',
    ],
    [
      'StatefulSet',
      'whose partition keeps Pods of before',
      workload(
        { ...SET, currentRevision: 'b', updatedReplicas: 1 },
        { updateStrategy: { rollingUpdate: { partition: 2 } } },
      ),
      'under-way',
    ],
    [
      'StatefulSet',
      'whose Pods are to be deleted by hand',
      workload(
        { ...SET, currentRevision: 'b', updatedReplicas: 0 },
        { updateStrategy: { type: 'OnDelete' } },
      ),
      'under-way',
    ],
    ['StatefulSet', 'with a Pod that is not ready', workload({ ...SET, readyReplicas: 2 }), 'under-way'],
    [
      'DaemonSet',
      'with a Pod that is not updated',
      workload({ ...DAEMON, updatedNumberScheduled: 1 }),
      'under-way',
    ],
    ['DaemonSet', 'that was not counted', workload({}), 'under-way'],
  ] as const)('%s %s is not', (kind, _, object, state) => {
    expect(specState(apps(kind), object)).toMatchObject({ kind: state, message: expect.any(String) });
  });
});

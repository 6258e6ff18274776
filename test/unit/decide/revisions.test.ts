import { describe, expect, test } from 'bun:test';
import type { AppRef, PipelineStatus, PromotionPhase, PromotionStatus } from '../../../src/api/pipeline.ts';
import type { Observation } from '../../../src/decide/observation/application.ts';
import { approve } from '../../../src/decide/observation/approve.ts';
import { receiveEvent } from '../../../src/decide/observation/receive.ts';
import { nextSteps } from '../../../src/decide/promotion/next.ts';
import { summarize } from '../../../src/decide/report/summary.ts';
import { readObject } from '../../fakes/application.ts';
import {
  at,
  event,
  eventsOnly,
  NOW,
  observed,
  pipeline,
  ready,
  running,
  withState,
} from '../../fakes/pipeline.ts';
import { COMMIT, DIGEST, HEX } from './revision/arbitraries.ts';

const TWELVE = HEX.slice(0, 12);
const CHART = `6.5.1+${TWELVE}`;
const OTHER = `sha256:${'f'.repeat(64)}`;
const FULL = `6.5.1@${DIGEST}`;
const HELM: AppRef = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' };

const steps = (from: ReturnType<typeof pipeline>) =>
  nextSteps({ pipeline: from, pullRequests: {}, requested: false, now: NOW });

function merged(revision: string, more: Partial<PromotionStatus> = {}): PromotionStatus {
  return { revision, phase: 'Merged', startedAt: at(-600), updatedAt: at(-300), ...more };
}

/** What runs, what was merged for staging before, and what becomes of it. */
type Row = readonly [
  shows: string,
  dev: Observation,
  staging: Observation,
  promotion: PromotionStatus,
  phase: PromotionPhase,
];

const chart = (revision: string, fullRevision: string): Observation => ({
  kind: 'application',
  ready: true,
  revision,
  fullRevision,
  deployedAt: at(-60),
});

const SETTLED: readonly Row[] = [
  ['tag and digest pinned', ready(FULL), ready(DIGEST), merged(FULL), 'Succeeded'],
  ['a chart with its digest', chart(CHART, FULL), chart(CHART, FULL), merged(FULL), 'Succeeded'],
  ['a chart of which an event said no digest', ready(FULL), ready(CHART), merged(FULL), 'Succeeded'],
  [
    'a commit pinned',
    ready(`main@sha1:${COMMIT}`),
    ready(`sha1:${COMMIT}`),
    merged(`main@sha1:${COMMIT}`),
    'Succeeded',
  ],
  [
    'the same version of another registry, where the change names no digest',
    chart(CHART, FULL),
    chart('6.5.1+ffffffffffff', `6.5.1@${OTHER}`),
    merged(FULL, { byVersion: ['revision'] }),
    'Succeeded',
  ],
  [
    'the same version with the digest of before, where the change names the digest',
    chart(CHART, FULL),
    chart('6.5.1+ffffffffffff', `6.5.1@${OTHER}`),
    merged(FULL),
    'Merged',
  ],
];

describe('a promotion', () => {
  test.each([...SETTLED])('of what runs there: %s', (_, dev, staging, promotion, phase) => {
    const before = withState(pipeline(), 'staging', { promotion });
    const step = steps(observed(before, { dev, staging })).staging;
    const after = step && step.kind !== 'rest' ? step.promotion.phase : promotion.phase;
    expect(after).toBe(phase);
  });

  test('that another registry gives another digest says both', () => {
    const before = withState(pipeline(), 'staging', { promotion: merged(FULL, { byVersion: ['revision'] }) });
    const seen = { dev: chart(CHART, FULL), staging: chart('6.5.1+ffffffffffff', `6.5.1@${OTHER}`) };
    expect(steps(observed(before, seen)).staging).toMatchObject({
      promotion: {
        message:
          'staging runs 6.5.1 (sha256:fffffff), and 6.5.1 (sha256:0c1d2e3) was promoted: the digests differ.',
      },
    });
  });

  test('that has arrived by its version goes on to the next environment as it came', () => {
    const promotion: PromotionStatus = { ...merged(FULL, { byVersion: ['revision'] }), phase: 'Succeeded' };
    const before = withState(pipeline(), 'staging', { promotion });
    const seen = {
      dev: chart(CHART, FULL),
      staging: chart('6.5.1+ffffffffffff', `6.5.1@${OTHER}`),
      prod: chart('6.5.0+ffffffffffff', `6.5.0@${OTHER}`),
    };
    const from = observed(before, seen);
    expect(steps(from).staging?.kind).toBe('rest');
    expect(steps(from).prod).toMatchObject({ kind: 'promote', promotion: { revision: FULL } });
    expect(from.status.environments?.staging?.deployment).toMatchObject({ revision: '6.5.1+ffffffffffff' });
    const stage = from.status.executions?.find(({ revision }) => revision === FULL)?.environments.staging;
    expect(stage).toMatchObject({ deployedAt: expect.any(String) });
  });

  test('that has arrived by its version goes on as it came when another one has taken its place', () => {
    const promotion: PromotionStatus = { ...merged(FULL, { byVersion: ['revision'] }), phase: 'Succeeded' };
    const arrived = { dev: chart(CHART, FULL), staging: chart('6.5.1+ffffffffffff', `6.5.1@${OTHER}`) };
    const at0 = observed(withState(pipeline(), 'staging', { promotion }), {
      ...arrived,
      prod: chart(CHART, FULL),
    });
    // dev gets the next one, whose record takes the place of what has arrived.
    const next = withState(at0, 'staging', { promotion: { revision: '6.6.0', phase: 'WaitingApproval' } });
    const from = observed(next, { ...arrived, dev: ready('6.6.0'), prod: chart(CHART, FULL) });
    expect(from.status.environments?.staging?.arrived).toMatchObject({ revision: FULL });
    expect(steps(from).prod).toMatchObject({ kind: 'rest' });
    // What staging runs then begins anew.
    const after = observed(from, { ...arrived, staging: ready('6.6.0'), prod: chart(CHART, FULL) });
    expect(after.status.environments?.staging).not.toHaveProperty('arrived');
  });

  test('whose version Flux deploys before the merge is noticed is one revision, and stays it', () => {
    const pullRequest = { url: 'https://f/pulls/7', number: 7 };
    const open: PromotionStatus = {
      ...merged(FULL, { byVersion: ['revision'] }),
      phase: 'PullRequestOpen',
      pullRequest,
    };
    const seen = {
      dev: chart(CHART, FULL),
      staging: chart('6.5.1+ffffffffffff', `6.5.1@${OTHER}`),
      prod: chart('6.5.0+ffffffffffff', `6.5.0@${OTHER}`),
    };
    let from = withState(pipeline(), 'staging', { promotion: open });
    const times: (string | undefined)[] = [];
    for (const seconds of [0, 60, 3600]) {
      from = observed(from, seen, new Date(at(seconds)));
      const stages = (from.status.executions ?? []).flatMap((one) => one.environments.staging ?? []);
      expect(stages.filter((one) => one.deployedAt)).toHaveLength(1);
      expect(stages[0]).not.toHaveProperty('rolledBackAt');
      times.push(stages[0]?.deployedAt);
    }
    expect(new Set(times).size).toBe(1);
    expect(steps(from).prod).toMatchObject({ kind: 'promote', promotion: { revision: FULL } });
  });

  test('of what was pushed again passes no environment that names no digest', () => {
    const first = running({ dev: FULL, staging: '6.5.1', prod: FULL });
    const from = observed(
      first,
      { dev: ready(`6.5.1@${OTHER}`), staging: ready('6.5.1'), prod: ready(FULL) },
      new Date(at(60)),
    );
    expect(steps(from).staging?.kind).toBe('rest');
    expect(steps(from).prod?.kind).toBe('rest');
  });

  test('counts for no environment whose targets have two digests, whatever their order', () => {
    const targets = ['a', 'b', 'c'].map((namespace) => ({ namespace }));
    const environments = [
      { name: 'dev', targets },
      { name: 'staging', targets: [{ namespace: 'staging' }] },
    ];
    for (const order of [
      ['6.5.1', FULL, `6.5.1@${OTHER}`],
      [FULL, '6.5.1', `6.5.1@${OTHER}`],
    ]) {
      const from = observed(pipeline({ environments }), { dev: order.map(ready), staging: ready('6.5.0') });
      expect(steps(from).staging?.kind).toBe('rest');
    }
  });

  test('of a build, whose tag is no version, has arrived by its tag', () => {
    const build = `main-9a8b7c6@${DIGEST}`;
    const promotion = merged(build, { byVersion: ['revision'] });
    const from = observed(withState(pipeline(), 'staging', { promotion }), {
      dev: ready(build),
      staging: ready('main-9a8b7c6'),
      prod: ready('main-1111111'),
    });
    expect(steps(from).staging).toMatchObject({ kind: 'record', promotion: { phase: 'Succeeded' } });
    expect(from.status.environments?.staging?.arrived).toMatchObject({ revision: build });
    expect(steps(from).prod).toMatchObject({ kind: 'promote', promotion: { revision: build } });
  });

  test('writes the tag that it has written before, though another one is found later', () => {
    const known = running({ dev: FULL, staging: '6.5.0', prod: '6.5.0' });
    const first = steps(known).staging;
    expect(first).toMatchObject({ kind: 'promote' });
    const tried = first?.kind === 'promote' ? first.promotion : undefined;
    const executions = known.status.executions?.map((one) =>
      one.revision === FULL ? { ...one, tag: 'v6.5.1' } : one,
    );
    const found = { ...known, status: { ...known.status, ...(executions && { executions }) } };
    const again = steps(
      withState(found, 'staging', { promotion: { ...tried, phase: 'Pending' } as PromotionStatus }),
    ).staging;
    expect(again).toMatchObject({ promotion: { writtenTag: 'v6.5.1' } });
    const pullRequest = { url: 'https://f/pulls/7', number: 7 };
    const open = { ...tried, phase: 'PullRequestOpen', pullRequest } as PromotionStatus;
    expect(steps(withState(found, 'staging', { promotion: open })).staging).not.toMatchObject({
      promotion: { writtenTag: 'v6.5.1' },
    });
  });

  test('writes its own tag where the open pull request brings an older revision still', () => {
    const known = running({ dev: FULL, staging: '6.5.0', prod: '6.5.0' });
    const executions = known.status.executions?.map((one) =>
      one.revision === FULL ? { ...one, tag: 'v6.5.1' } : one,
    );
    const found = { ...known, status: { ...known.status, ...(executions && { executions }) } };
    const pullRequest = { url: 'https://f/pulls/7', number: 7, revision: '6.5.0-rc.1' };
    const promotion = { revision: FULL, phase: 'Pending', pullRequest } as PromotionStatus;
    expect(steps(withState(found, 'staging', { promotion })).staging).toMatchObject({
      kind: 'promote',
      promotion: { writtenTag: 'v6.5.1' },
    });
  });

  test('is not begun where the digests are equal, and is where a tag was pushed again', () => {
    expect(steps(running({ dev: FULL, staging: DIGEST, prod: '6.5.1' })).staging?.kind).toBe('rest');
    expect(steps(running({ dev: FULL, staging: `6.5.1@${OTHER}`, prod: FULL })).staging).toMatchObject({
      kind: 'promote',
      promotion: { revision: FULL },
    });
  });

  test('carries the tag on from an environment that is pinned to the digest', () => {
    const both = running({ dev: FULL, staging: DIGEST, prod: `6.5.0@${OTHER}` });
    expect(steps(both).prod).toMatchObject({ promotion: { revision: FULL } });
  });

  test.each([
    [`6.5.0@${DIGEST}`, `6.5.1@${OTHER}`],
    [`v1.9.0@sha1:${COMMIT}`, `v2.0.0@sha1:${'0'.repeat(40)}`],
    ['2024.01.15', '2024.02.01'],
  ])('of %p does not go over the newer %p by itself', (older, newer) => {
    const step = steps(running({ dev: older, staging: newer, prod: newer })).staging;
    expect(step).toMatchObject({ promotion: { phase: 'Superseded' } });
    const { message = '' } = step && step.kind !== 'rest' ? step.promotion : {};
    expect(message).toContain('a downgrade is not promoted automatically');
    expect(message).not.toMatch(/[0-9a-f]{40}/);
  });

  test.each([
    [FULL, '>=6.0.0 <7', 'promote'],
    [`v6.5.1@sha1:${COMMIT}`, '>=6.0.0 <7', 'promote'],
    ['2024.01.15', '>=2024.0.0', 'promote'],
    [DIGEST, '>=6.0.0 <7', 'record'],
  ])('of %p passes the gate %p by its version: %p', (revision, versions, kind) => {
    const gates = { versions };
    const { promotion } = pipeline().spec;
    const from = running(
      { dev: revision, staging: `6.4.0@${OTHER}`, prod: `6.4.0@${OTHER}` },
      { promotion: { ...promotion, gates } as typeof promotion & object },
    );
    expect(steps(from).staging?.kind).toBe(kind as 'promote');
  });

  test('that was recorded before its digest was known is recorded in full', () => {
    const promotion: PromotionStatus = { ...merged(CHART), phase: 'Pending' };
    const before = withState(pipeline(), 'staging', { promotion });
    const seen = { dev: chart(CHART, FULL), staging: ready('6.4.0') };
    expect(steps(observed(before, seen)).staging).toMatchObject({ promotion: { revision: FULL } });
  });

  test.each([FULL, CHART, DIGEST, '6.5.1'])('that waits as 6.5.1@sha256:… is approved as %p', (revision) => {
    const promotion: PromotionStatus = { revision: FULL, phase: 'WaitingApproval' };
    const waiting = withState(pipeline(), 'staging', { promotion });
    const by = { environment: 'staging', by: 'me' };
    expect(approve(waiting, { ...by, revision }, NOW)?.environments?.staging?.promotion).toMatchObject({
      revision: FULL,
      phase: 'Pending',
    });
    expect(approve(waiting, { ...by, revision: `6.5.1@${OTHER}` }, NOW)).toBeUndefined();
  });
});

describe('a HelmRelease with a chart from an OCI registry', () => {
  const release = (more: object, spec: object = {}) => ({
    metadata: { generation: 1 },
    spec,
    status: {
      conditions: [{ type: 'Ready', status: 'True', reason: 'UpgradeSucceeded', observedGeneration: 1 }],
      history: [{ chartVersion: CHART, status: 'deployed', ...more }],
    },
  });

  test('is read with the digest that its history has', () => {
    expect(readObject(HELM, release({ ociDigest: DIGEST }))).toMatchObject({
      revision: CHART,
      fullRevision: FULL,
    });
    expect(readObject(HELM, release({ ociDigest: `latest@${DIGEST}` }))).toMatchObject({
      fullRevision: FULL,
      tag: 'latest',
    });
    expect(readObject(HELM, release({ ociDigest: 7 }))).toMatchObject({ revision: CHART, ready: true });
    expect(readObject(HELM, release({}))).not.toHaveProperty('fullRevision');
  });

  test('is deployed and has failed with the digest that was attempted', () => {
    const object = release({ chartVersion: `6.5.0+ffffffffffff`, ociDigest: OTHER });
    const failing = { type: 'Ready', status: 'False', reason: 'UpgradeFailed', observedGeneration: 1 };
    const status = { ...object.status, conditions: [failing], lastAttemptedRevision: CHART };
    const seen = readObject(HELM, {
      ...object,
      status: { ...status, lastAttemptedRevisionDigest: DIGEST },
    });
    expect(seen).toMatchObject({ failed: CHART, failedFull: FULL, fullRevision: `6.5.0@${OTHER}` });
    const from = observed(running({ dev: FULL, staging: '6.4.0', prod: '6.4.0' }), { dev: seen });
    expect(from.status.environments?.dev?.deployment).toMatchObject({
      revision: CHART,
      fullRevision: FULL,
      phase: 'Failed',
    });
  });

  test.each([{ valuesFiles: ['prod.yaml'] }, { reconcileStrategy: 'Revision' }])(
    'is compared without build metadata where it has %p',
    (chartSpec) => {
      const object = release({ chartVersion: '1.0.0+3' }, { chart: { spec: chartSpec } });
      expect(readObject(HELM, object)).toMatchObject({ revision: '1.0.0+3', fullRevision: '1.0.0' });
      const plain = release({ chartVersion: '1.0.0+3' }, { chart: { spec: { valuesFiles: [] } } });
      expect(readObject(HELM, plain)).not.toHaveProperty('fullRevision');
    },
  );

  test('keeps in the status what Flux says, and promotes it in full', () => {
    const seen = { dev: chart(CHART, FULL), staging: chart('6.5.0+ffffffffffff', `6.5.0@${OTHER}`) };
    const from = observed(pipeline(), seen);
    expect(from.status.environments?.dev).toMatchObject({
      targets: [{ revision: CHART, fullRevision: FULL }],
      deployment: { revision: CHART, fullRevision: FULL },
    });
    expect(from.status.executions?.map(({ revision }) => revision)).toContain(FULL);
    expect(steps(from).staging).toMatchObject({ kind: 'promote', promotion: { revision: FULL } });
    expect(summarize(from)).toStartWith('dev 6.5.1 (sha256:0c1d2e3) → staging 6.5.0 (sha256:fffffff)');
  });

  test('remembers the tag of its chart', () => {
    const seen = { ...chart(CHART, FULL), tag: 'v6.5.1' };
    const from = observed(pipeline(), { dev: seen });
    expect(from.status.environments?.dev?.targets).toMatchObject([{ tag: 'v6.5.1' }]);
    expect(from.status.executions).toMatchObject([{ revision: FULL, tag: 'v6.5.1' }]);
    const later = observed(from, { dev: chart(CHART, FULL) });
    expect(later.status.environments?.dev?.targets).toMatchObject([{ tag: 'v6.5.1' }]);
    const next = observed(from, { dev: chart('6.5.2+ffffffffffff', `6.5.2@${OTHER}`) });
    expect(next.status.environments?.dev?.targets?.[0]).not.toHaveProperty('tag');
  });
});

describe('an event about a chart from an OCI registry', () => {
  const reported = event({ metadata: { revision: CHART, 'oci-digest': DIGEST } });
  const before = () => eventsOnly({ dev: '6.4.0', staging: '6.4.0', prod: '6.4.0' });

  test('is recorded as it is, and promoted with its digest', () => {
    const receipt = receiveEvent(before(), 'dev', reported, NOW);
    expect(receipt).toMatchObject({ outcome: 'accepted', revision: CHART });
    expect(receipt.status?.environments).toMatchObject({
      dev: {
        targets: [{ revision: CHART, fullRevision: FULL }],
        deployment: { revision: CHART, fullRevision: FULL },
      },
      staging: { promotion: { revision: FULL } },
    });
  });

  test('changes nothing a second time', () => {
    const first = receiveEvent(before(), 'dev', reported, NOW);
    const after = { ...before(), status: first.status as PipelineStatus };
    expect(receiveEvent(after, 'dev', reported, NOW)).toMatchObject({ outcome: 'unchanged' });
  });

  test('takes the digest of the one before from what it says', () => {
    const first = receiveEvent(before(), 'dev', reported, NOW);
    const plain = event({ metadata: { revision: '6.5.2' }, timestamp: at(60) });
    const after = { ...before(), status: first.status as PipelineStatus };
    const { status } = receiveEvent(after, 'dev', plain, new Date(at(60)));
    expect(status?.environments?.dev?.targets?.[0]).not.toHaveProperty('fullRevision');
    expect(status?.environments?.dev?.deployment).not.toHaveProperty('fullRevision');
    expect(status?.environments?.dev?.deployment?.revision).toBe('6.5.2');
  });
});

import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { KubeEvent } from '../../../src/lib/kube/events.ts';
import type { FluxEvents, OutgoingEvent } from '../../../src/promote/notification/flux-events.ts';
import { createOutbox } from '../../../src/reconcile/outbox.ts';
import { createPipelineEvents, type PipelineEvent } from '../../../src/reconcile/pipeline-events.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { createFakeSchedule, settled } from '../../fakes/schedule.ts';

const NOW = new Date('2026-11-21T12:00:00Z');

const EVENT: PipelineEvent = {
  regarding: {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    namespace: 'apps',
    name: 'app',
    uid: 'uid-1',
  },
  type: 'Normal',
  reason: 'WaitingApproval',
  message: 'The promotion of 1.3.0 to staging waits for an approval.',
  environment: 'staging',
  version: '1.3.0',
  from: '1.2.0',
  pullRequest: 'https://f/12',
  phase: 'WaitingApproval',
  moment: '2026-11-21T11:59:59Z',
};

const METADATA = {
  'pipelines.weave.works/environment': 'staging',
  'pipelines.weave.works/version': '1.3.0',
  'pipelines.weave.works/from': '1.2.0',
  'pipelines.weave.works/pullRequest': 'https://f/12',
  'pipelines.weave.works/phase': 'WaitingApproval',
};

function setUp({ flux = true, kubeFails = 0, fluxFails = 0 } = {}) {
  const { log, lines } = createFakeLog();
  const { schedule, pass } = createFakeSchedule();
  const written: KubeEvent[] = [];
  const posted: OutgoingEvent[] = [];
  const failing = (times: number) => {
    let left = times;
    return async () => {
      left -= 1;
      if (left >= 0) throw new TurnpikeError('ApiUnavailable', 'It is away.');
    };
  };
  const [kube, controller] = [failing(kubeFails), failing(fluxFails)];
  const fluxEvents: FluxEvents = {
    async post(event) {
      posted.push(event);
      await controller();
    },
  };
  const emit = createPipelineEvents({
    async emit(event) {
      written.push(event);
      await kube();
    },
    fluxEvents: flux ? fluxEvents : undefined,
    outboxes: { kubernetes: createOutbox({ log, schedule }), flux: createOutbox({ log, schedule }) },
    now: () => NOW,
  });
  return { emit, written, posted, pass, lines };
}

describe('a transition of a Pipeline', () => {
  test('is a Kubernetes Event and an event for Alerts, with the same metadata', async () => {
    const { emit, written, posted } = setUp();
    emit(EVENT);
    await settled();
    const { regarding, message, reason } = EVENT;
    const common = { regarding, message, reason, at: NOW };
    expect(written).toEqual([
      {
        ...common,
        type: 'Normal',
        annotations: METADATA,
        name: expect.stringMatching(/^app\.[0-9a-f]{16}$/),
      },
    ]);
    expect(posted).toEqual([
      { ...common, severity: 'info', metadata: METADATA, token: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });

  test('that is a warning has severity error, and leaves out what is not known', async () => {
    const { emit, posted } = setUp();
    const { from: _, pullRequest: __, ...rest } = EVENT;
    emit({ ...rest, type: 'Warning', reason: 'DeploymentFailed', phase: 'Failed' });
    await settled();
    expect(posted).toMatchObject([{ severity: 'error', reason: 'DeploymentFailed' }]);
    expect(Object.keys(posted[0]?.metadata ?? {})).toEqual([
      'pipelines.weave.works/environment',
      'pipelines.weave.works/version',
      'pipelines.weave.works/phase',
    ]);
  });

  test('is a Kubernetes Event alone where no address is set', async () => {
    const { emit, written, posted } = setUp({ flux: false });
    emit(EVENT);
    await settled();
    expect([written.length, posted.length]).toEqual([1, 0]);
  });

  test('has the same name and token at each attempt, also where the first one came through unseen', async () => {
    const { emit, written, posted, pass } = setUp({ kubeFails: 2, fluxFails: 1 });
    emit(EVENT);
    await pass(60);
    expect([written.length, posted.length]).toEqual([3, 2]);
    expect(new Set(written.map((event) => JSON.stringify(event))).size).toBe(1);
    expect(new Set(posted.map((event) => JSON.stringify(event))).size).toBe(1);
  });

  const OTHERS: readonly Partial<PipelineEvent>[] = [
    { environment: 'prod' },
    { version: '1.4.0' },
    { reason: 'PullRequestOpen' },
    { moment: '2026-11-21T12:30:00Z' },
    { regarding: { ...EVENT.regarding, uid: 'uid-2' } },
  ];
  test.each(OTHERS)('has another name and token when it is news (%#)', async (change) => {
    const { emit, written, posted } = setUp();
    emit(EVENT);
    emit({ ...EVENT, ...change });
    await settled();
    expect(written[0]?.name).not.toBe(written[1]?.name);
    expect(posted[0]?.token).not.toBe(posted[1]?.token);
  });

  test('that Alerts cannot have is in Kubernetes all the same, and the log says what to do', async () => {
    const { emit, written, pass, lines } = setUp({ fluxFails: 100 });
    emit(EVENT);
    await pass(600);
    expect(written).toHaveLength(1);
    const warnings = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ level }) => level === 'warn');
    expect(warnings).toMatchObject([
      { namespace: 'apps', name: 'app', environment: 'staging', reason: 'WaitingApproval' },
    ]);
    expect(String(warnings[0]?.msg)).toContain('check that notification-controller runs at --events-addr');
  });

  test('gives the longest Pipeline name a valid name for its Event', async () => {
    const { emit, written } = setUp();
    emit({ ...EVENT, regarding: { ...EVENT.regarding, name: `${'a'.repeat(199)}.${'b'.repeat(53)}` } });
    await settled();
    expect(written[0]?.name).toMatch(/^a{199}\.[0-9a-f]{16}$/);
  });
});

import { describe, expect, test } from 'bun:test';
import type { PipelineStatus, PromotionPhase, PullRequestRef, Target } from '../../../../src/api/pipeline.ts';
import { receiveEvent } from '../../../../src/decide/observation/receive.ts';
import {
  at,
  event,
  eventsOnly,
  NOW,
  observed,
  pipeline,
  ready,
  running,
  spec,
  withState,
} from '../../../fakes/pipeline.ts';

const receive = (...args: Parameters<typeof receiveEvent>) => receiveEvent(...args);

describe('an event that is received', () => {
  test('records the deployment and the promotion to the next environment', () => {
    const receipt = receive(pipeline(), 'dev', event(), NOW);
    expect(receipt).toMatchObject({ outcome: 'accepted', environment: 'staging', revision: '1.1.0' });
    expect(receipt.status?.environments).toMatchObject({
      dev: {
        deployment: {
          revision: '1.1.0',
          phase: 'Succeeded',
          source: 'webhook',
          observedAt: NOW.toISOString(),
        },
        targets: [{ ready: true, revision: '1.1.0' }],
      },
      staging: { promotion: { revision: '1.1.0', phase: 'Pending' }, waitingApproval: { revision: '' } },
    });
  });

  test('waits for an approval where the promotion is manual', () => {
    const manual = pipeline({
      promotion: { ...spec().promotion, manual: true, strategy: { notification: {} } },
    });
    const receipt = receive(manual, 'dev', event(), NOW);
    expect(receipt).toMatchObject({ outcome: 'waiting-approval' });
    expect(receipt.status?.environments?.staging).toMatchObject({
      waitingApproval: { revision: '1.1.0' },
      promotion: { phase: 'WaitingApproval' },
    });
  });

  const PULL = { url: 'https://f/pulls/7', number: 7 };
  const KNOWN = { ...PULL, commit: 'c0ffee', revision: '1.0.5', checked: 'success' } as const;
  const TAKEN: readonly (readonly [PromotionPhase, object, object | undefined])[] = [
    // The next task takes back what its text says of the closing.
    ['Superseded', { ...KNOWN, closing: 'Too old.' }, { ...PULL, commit: 'c0ffee', revision: '1.0.5' }],
    ['Superseded', { ...KNOWN, endedAt: at(-5) }, undefined],
    ['Succeeded', KNOWN, undefined],
  ];
  test.each(TAKEN)(
    'takes over of a pull request that is %s what is still true of it',
    (phase, before, taken) => {
      const promotion = { revision: '1.0.5', phase, pullRequest: before as PullRequestRef };
      const from = withState(eventsOnly({ dev: '1.0.5', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
        promotion,
      });
      const { status } = receive(from, 'dev', event(), NOW);
      expect(status?.environments?.staging?.promotion).toMatchObject({ revision: '1.1.0', phase: 'Pending' });
      expect(status?.environments?.staging?.promotion?.pullRequest).toEqual(taken as typeof PULL);
    },
  );

  test.each(['PullRequestOpen', 'Merged', 'Rejected', 'Pending', 'Failed'] as const)(
    'leaves a pull request to the reconciler, which looks first what a person did to it (%s)',
    (phase) => {
      const promotion = { revision: '1.0.5', phase, pullRequest: KNOWN, updatedAt: at(-60) };
      const from = withState(eventsOnly({ dev: '1.0.5', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
        promotion,
      });
      const receipt = receive(from, 'dev', event(), NOW);
      expect(receipt).toMatchObject({ outcome: 'accepted' });
      expect(receipt.status?.environments?.staging?.promotion).toEqual(promotion);
      expect(receipt.status?.environments?.dev?.deployment?.revision).toBe('1.1.0');
    },
  );

  test('leaves a promotion that may have a pull request which is not recorded to the reconciler too', () => {
    const promotion = { revision: '1.0.5', phase: 'Promoting', attempts: 1 } as const;
    const from = withState(eventsOnly({ dev: '1.0.5', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
      promotion,
    });
    const receipt = receive(from, 'dev', event(), NOW);
    expect(receipt).toMatchObject({ outcome: 'accepted' });
    expect(receipt.status?.environments?.staging?.promotion).toEqual(promotion);
  });

  test('writes nothing the second time', () => {
    const first = receive(pipeline(), 'dev', event(), NOW);
    const again = receive(
      { ...pipeline(), status: first.status ?? {} },
      'dev',
      event({ timestamp: at(60) }),
      NOW,
    );
    expect(again).toMatchObject({ outcome: 'unchanged' });
    expect(again.status).toBeUndefined();
  });

  test.each([
    ['is newer by more than a minute', { timestamp: at(61) }, at(61)],
    ['is hardly newer', { timestamp: at(60) }, undefined],
    [
      'is a reconciliation, which rolls nothing out',
      { timestamp: at(61), reason: 'ReconciliationSucceeded' },
      undefined,
    ],
  ])(
    'moves the time of a target that only events tell of where it repeats what is known and %s',
    (_, sent, time) => {
      const now = new Date(at(120));
      const from = eventsOnly({ dev: '1.0.0', staging: '1.0.0', prod: '1.0.0' });
      const first = receive(from, 'dev', event(), now).status ?? {};
      const again = receive({ ...from, status: first }, 'dev', event(sent), now);
      expect(again).toMatchObject({ outcome: time === undefined ? 'unchanged' : 'recorded' });
      expect(again.status?.environments?.dev?.targets?.[0]?.observedAt).toBe(time as string);
      expect((again.status ?? first).environments?.dev?.deployment?.observedAt).toBe(at(0));
    },
  );

  test('is the first one about a deployment that was watched already', () => {
    const deployment = {
      revision: '1.1.0',
      phase: 'Succeeded',
      observedAt: at(5),
      source: 'watch',
    } as const;
    const seen = withState(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), 'dev', { deployment });
    const cases = [
      [{ phase: 'Promoting' }, 'accepted'],
      [{ phase: 'PullRequestOpen' }, 'accepted'],
      [{ phase: 'WaitingApproval' }, 'waiting-approval'],
    ] as const;
    for (const [{ phase }, outcome] of cases) {
      const promotion = { revision: '1.1.0', phase, startedAt: at(5), updatedAt: at(5) };
      const before = withState(seen, 'staging', { promotion });
      const receipt = receive(before, 'dev', event(), NOW);
      expect(receipt).toMatchObject({ outcome, environment: 'staging' });
      expect(receipt.status?.environments?.dev?.deployment).toEqual({ ...deployment, source: 'webhook' });
      expect(receipt.status?.environments?.staging?.promotion).toEqual(promotion);
      const again = receive(
        { ...before, status: receipt.status ?? {} },
        'dev',
        event({ timestamp: at(60) }),
        NOW,
      );
      expect(again).toMatchObject({ outcome: 'unchanged' });
      expect(again.status).toBeUndefined();
    }
  });

  test('is no news when it is recorded, and what it led to has ended', () => {
    const promotion = { revision: '1.1.0', phase: 'Rejected', startedAt: at(5), updatedAt: at(5) } as const;
    const from = withState(running({ dev: '1.1.0', staging: '1.0.0', prod: '1.0.0' }), 'staging', {
      promotion,
    });
    const receipt = receive(from, 'dev', event(), NOW);
    expect(receipt).toMatchObject({ outcome: 'unchanged', environment: 'staging' });
    expect(receipt.status).toBeUndefined();
  });

  test('is recorded here also when the next environment runs the revision already', () => {
    const from = eventsOnly({ dev: '1.2.0', staging: '1.1.0', prod: '1.0.0' });
    const receipt = receive(from, 'dev', event(), NOW);
    expect(receipt).toMatchObject({ outcome: 'recorded', environment: 'dev' });
    expect(receipt.status?.environments?.dev).toMatchObject({
      deployment: { revision: '1.1.0', phase: 'Succeeded' },
      targets: [{ revision: '1.1.0', ready: true }],
    });
    const again = receive(
      { ...from, status: receipt.status ?? {} },
      'dev',
      event({ timestamp: at(60) }),
      NOW,
    );
    expect(again).toMatchObject({ outcome: 'unchanged' });
    expect(again.status).toBeUndefined();
  });

  test('of a recovery ends the failure, whatever the next environment runs', () => {
    const from = eventsOnly({ dev: '1.1.0', staging: '1.1.0', prod: '1.0.0' });
    const failed = receive(from, 'dev', event({ severity: 'error', reason: 'UpgradeFailed' }), NOW);
    const recovered = receive(
      { ...from, status: failed.status ?? {} },
      'dev',
      event({ timestamp: at(9) }),
      NOW,
    );
    expect(recovered.status?.environments?.dev).toMatchObject({
      deployment: { phase: 'Succeeded' },
      targets: [{ ready: true }],
    });
  });

  describe('about an application that can be read', () => {
    const readable = () => running({ dev: '1.0.0', staging: '1.0.0', prod: '1.0.0' });

    test('is a reason to look, and starts nothing before that shows it', () => {
      const receipt = receive(readable(), 'dev', event(), NOW);
      expect(receipt).toMatchObject({ outcome: 'accepted', environment: 'staging' });
      expect(receipt.status?.environments?.staging?.promotion).toBeUndefined();
      expect(receipt.status?.environments?.dev).toMatchObject({
        deployment: { revision: '1.1.0', source: 'webhook' },
        targets: [{ revision: '1.0.0', ready: true, observedAt: NOW.toISOString() }],
      });
    });

    test('takes no approved promotion its place: its tests may fail yet', () => {
      const promotion = { revision: '1.0.0', phase: 'Pending', approvedBy: 'ada' } as const;
      const from = withState(running({ dev: '1.0.0', staging: '0.9.0', prod: '0.9.0' }), 'staging', {
        promotion,
      });
      const receipt = receive(from, 'dev', event(), NOW);
      expect(receipt.status?.environments?.staging?.promotion).toEqual(promotion);
    });

    test('that failed says nothing of its target', () => {
      const receipt = receive(readable(), 'dev', event({ severity: 'error', reason: 'UpgradeFailed' }), NOW);
      expect(receipt.status?.environments?.dev).toMatchObject({
        deployment: { phase: 'Failed' },
        targets: [{ revision: '1.0.0', ready: true }],
      });
    });

    test('is outdated when it is older than the deployment that is recorded', () => {
      const two = [{ namespace: 'dev' }, { namespace: 'dev-b' }];
      const environments = [
        { name: 'dev', targets: two },
        { name: 'prod', targets: [{ namespace: 'prod' }] },
      ];
      const from = observed(pipeline({ environments }), {
        dev: [ready('1.2.0'), ready('1.2.0')],
        prod: ready('1.0.0'),
      });
      const late = receive(from, 'dev', event({ timestamp: at(-300) }), NOW);
      expect(late).toMatchObject({ outcome: 'outdated' });
      expect(late.status).toBeUndefined();
    });
  });

  describe('of one of several targets', () => {
    const environments = [
      { name: 'dev', targets: [{ namespace: 'dev-a' }, { namespace: 'dev-b' }] },
      { name: 'staging', targets: [{ namespace: 'staging' }] },
    ];
    const both = () => eventsOnly({ dev: '1.1.0', staging: '1.0.0' }, { environments });

    test('records a deployment and nothing else', () => {
      const receipt = receive(both(), 'dev', event({}, '1.2.0', 'dev-a'), NOW);
      expect(receipt).toMatchObject({ outcome: 'recorded', environment: 'dev' });
      expect(receipt.status?.environments?.dev?.targets).toMatchObject([
        { revision: '1.2.0' },
        { revision: '1.1.0' },
      ]);
      expect(receipt.status?.environments?.staging?.promotion).toBeUndefined();
    });

    test.each([
      { phase: 'Pending', approvedBy: 'ada' },
      { phase: 'WaitingApproval' },
      { phase: 'Rejected' },
      { phase: 'PullRequestOpen', pullRequest: KNOWN },
    ] as const)('leaves the promotion of the other revision as it is: %p', (record) => {
      const promotion = { revision: '1.1.0', ...record };
      const from = withState(both(), 'staging', { promotion });
      const receipt = receive(from, 'dev', event({}, '1.2.0', 'dev-a'), NOW);
      expect(receipt.status?.environments?.staging?.promotion).toEqual(promotion);
    });

    test('starts the promotion once it is the last one', () => {
      const first = receive(both(), 'dev', event({}, '1.2.0', 'dev-a'), NOW);
      const second = receive(
        { ...both(), status: first.status ?? {} },
        'dev',
        event({}, '1.2.0', 'dev-b'),
        NOW,
      );
      expect(second).toMatchObject({ outcome: 'accepted', environment: 'staging' });
      expect(second.status?.environments?.staging?.promotion).toMatchObject({ revision: '1.2.0' });
    });

    test('is repeated at each interval without a write, while another one is ahead', () => {
      const ahead = receive(both(), 'dev', event({}, '1.2.0', 'dev-a'), NOW);
      const from = { ...both(), status: ahead.status ?? {} };
      for (const namespace of ['dev-a', 'dev-b']) {
        const revision = namespace === 'dev-a' ? '1.2.0' : '1.1.0';
        const sent = event({ reason: 'ReconciliationSucceeded', timestamp: at(60) }, revision, namespace);
        const receipt = receive(from, 'dev', sent, new Date(at(60)));
        expect([receipt.kind === 'taken' && receipt.outcome, receipt.status]).toEqual([
          'unchanged',
          undefined,
        ]);
      }
    });
  });

  test('knows when the deployment began whose end it reports', () => {
    const begun = receive(pipeline(), 'dev', event({ reason: 'Progressing' }), NOW);
    const again = receive(
      { ...pipeline(), status: begun.status ?? {} },
      'dev',
      event({ reason: 'Progressing', timestamp: at(5) }),
      NOW,
    );
    const done = receive(
      { ...pipeline(), status: again.status ?? {} },
      'dev',
      event({ timestamp: at(40) }),
      NOW,
    );
    expect(done.status?.environments?.dev?.deployment).toMatchObject({
      phase: 'Succeeded',
      startedAt: NOW.toISOString(),
      observedAt: at(40),
    });
  });

  test('is not outdated in the second in which something else was seen', () => {
    const deployment = {
      revision: '1.2.0',
      phase: 'Succeeded',
      observedAt: at(0.6),
      source: 'watch',
    } as const;
    for (const source of ['watch', 'webhook'] as const) {
      const from = withState(pipeline(), 'dev', { deployment: { ...deployment, source } });
      const receipt = receive(from, 'dev', event({ timestamp: at(0) }), NOW);
      expect(receipt).toMatchObject({ outcome: source === 'watch' ? 'accepted' : 'outdated' });
    }
  });

  test('is outdated by another event that is younger by less than a second', () => {
    const from = eventsOnly({ dev: '1.0.0', staging: '1.0.0', prod: '1.0.0' });
    const status = receive(from, 'dev', event({ timestamp: at(0.6) }, '1.2.0'), NOW).status ?? {};
    expect(receive({ ...from, status }, 'dev', event({ timestamp: at(0) }), NOW)).toMatchObject({
      outcome: 'outdated',
    });
  });

  test('overwrites nothing when it is older than what is recorded', () => {
    const first = receive(pipeline(), 'dev', event(), NOW);
    const old = event({ timestamp: at(-10) }, '1.0.0');
    const receipt = receive({ ...pipeline(), status: first.status ?? {} }, 'dev', old, NOW);
    expect(receipt).toMatchObject({ outcome: 'outdated' });
    expect(receipt.status).toBeUndefined();
  });

  test('completes the execution in the last environment', () => {
    const receipt = receive(pipeline(), 'prod', event({}, '1.1.0', 'prod'), NOW);
    expect(receipt).toMatchObject({ outcome: 'completed', environment: 'prod' });
    expect(receipt.status?.environments?.prod?.deployment?.revision).toBe('1.1.0');
  });

  test('does not start a downgrade', () => {
    const receipt = receive(running({ dev: '2.0.0', staging: '2.0.0', prod: '2.0.0' }), 'dev', event(), NOW);
    expect(receipt).toMatchObject({ outcome: 'recorded' });
    expect(receipt.status?.environments?.staging?.promotion).toBeUndefined();
  });

  test.each([undefined, null])(
    'refuses an event with the timestamp %p, which could be sent again',
    (timestamp) => {
      expect(receive(pipeline(), 'dev', event({ timestamp }), NOW)).toEqual({
        kind: 'refused',
        problem: 'The event has no timestamp: without one it could be sent again at any time.',
      });
    },
  );

  test('believes no timestamp from the far future', () => {
    const receipt = receive(pipeline(), 'dev', event({ timestamp: at(86_400) }), NOW);
    expect(receipt.status?.environments?.dev?.deployment?.observedAt).toBe(NOW.toISOString());
  });

  const nothing: [reason: string, severity: string, phase: string][] = [
    ['UpgradeFailed', 'error', 'Failed'],
    ['RollbackSucceeded', 'info', 'RolledBack'],
    ['UninstallSucceeded', 'info', 'Uninstalled'],
    ['Progressing', 'info', 'Progressing'],
  ];
  test.each(nothing)('promotes nothing on %s and records it as %s %s', (reason, severity, phase) => {
    const reported = event({ reason, severity, message: 'what Flux said' });
    const receipt = receive(pipeline(), 'dev', reported, NOW);
    expect(receipt).toMatchObject({ outcome: 'recorded' });
    expect(receipt.status?.environments?.dev?.deployment).toMatchObject({ phase, message: 'what Flux said' });
    expect(receipt.status?.environments?.staging).toBeUndefined();
  });

  test('keeps the phase of a deployment whose drift was corrected', () => {
    const deployed = receive(pipeline(), 'dev', event(), NOW);
    const drift = event({ reason: 'DriftCorrected', timestamp: at(5) });
    const receipt = receive({ ...pipeline(), status: deployed.status ?? {} }, 'dev', drift, NOW);
    expect(receipt).toMatchObject({ outcome: 'recorded' });
    expect(receipt.status?.environments?.dev?.deployment?.phase).toBe('Succeeded');
  });

  test('takes the targets of an environment apart', () => {
    const targets = [{ namespace: 'dev-a' }, { namespace: 'dev-b' }];
    const two = pipeline({
      environments: [
        { name: 'dev', targets },
        { name: 'prod', targets: [{ namespace: 'prod' }] },
      ],
    });
    const first = receive(two, 'dev', event({ timestamp: at(5) }, '1.1.0', 'dev-a'), NOW);
    const second = receive(
      { ...two, status: first.status ?? {} },
      'dev',
      event({ timestamp: at(3) }, '1.1.0', 'dev-b'),
      NOW,
    );
    expect(second.status?.environments?.dev?.targets).toMatchObject([
      { revision: '1.1.0' },
      { revision: '1.1.0' },
    ]);
  });

  const refused: [why: string, change: Parameters<typeof event>[0], environment: string, says: RegExp][] = [
    ['no metadata', { metadata: null }, 'dev', /no revision/],
    ['an empty revision', { metadata: { revision: '' } }, 'dev', /no revision/],
    ['an unknown environment', {}, 'qa', /no environment qa/],
    [
      'another kind',
      { involvedObject: { ...event().involvedObject, kind: 'Kustomization' } },
      'dev',
      /not the application/,
    ],
    [
      'another name',
      { involvedObject: { ...event().involvedObject, name: 'other' } },
      'dev',
      /not the application/,
    ],
    [
      'another namespace',
      { involvedObject: { ...event().involvedObject, namespace: 'x' } },
      'dev',
      /not the application/,
    ],
    [
      'another API group',
      { involvedObject: { ...event().involvedObject, apiVersion: 'x.io/v2' } },
      'dev',
      /not the application/,
    ],
  ];
  test.each(refused)('is refused with a sentence for %s', (_, change, environment, says) => {
    const receipt = receive(pipeline(), environment, event(change), NOW);
    expect(receipt.kind === 'refused' && receipt.problem).toMatch(says);
  });

  test('matches the application whatever the version of its API', () => {
    const old = event({
      involvedObject: { ...event().involvedObject, apiVersion: 'helm.toolkit.fluxcd.io/v2beta1' },
    });
    expect(receive(pipeline(), 'dev', old, NOW)).toMatchObject({ outcome: 'accepted' });
  });

  test('is refused where no promotion is configured', () => {
    const { promotion: _, ...rest } = spec();
    const receipt = receive({ ...pipeline(), spec: rest }, 'dev', event(), NOW);
    expect(receipt.kind === 'refused' && receipt.problem).toMatch(/No promotion is configured for staging/);
  });
});

describe('the cluster that an event comes from', () => {
  const here: Target = { namespace: 'app' };
  const east: Target = { namespace: 'app', clusterRef: { kind: 'GitopsCluster', name: 'east' } };
  const west: Target = {
    namespace: 'app',
    clusterRef: { kind: 'GitopsCluster', name: 'west', namespace: 'fleet' },
  };
  const other: Target = { namespace: 'app', clusterRef: { kind: 'Secret', name: 'west' } };

  function reported(targets: Target[], cluster: string | undefined, key = 'cluster') {
    const environments = [
      { name: 'dev', targets },
      {
        name: 'prod',
        targets: [{ namespace: 'prod', clusterRef: { kind: 'Secret' as const, name: 'far' } }],
      },
    ];
    const metadata = { revision: '1.1.0', ...(cluster !== undefined && { [key]: cluster }) };
    const receipt = receive(pipeline({ environments }), 'dev', event({ metadata }, '1.1.0', 'app'), NOW);
    if (receipt.kind === 'refused') return receipt.problem;
    const states = receipt.status?.environments?.dev?.targets ?? [];
    return states.map((state) => state.revision ?? '');
  }

  const counts: [why: string, targets: Target[], cluster: string | undefined, revisions: string[]][] = [
    ['missing where one target fits', [east], undefined, ['1.1.0']],
    ['the name of the one that fits', [east], 'east', ['1.1.0']],
    ['the name of one of several', [here, east, west], 'east', ['', '1.1.0', '']],
    ['its namespace and name', [here, east, west], 'fleet/west', ['', '', '1.1.0']],
    ["its name in the Pipeline's namespace", [here, east], 'apps/east', ['', '1.1.0']],
    ['kind, namespace and name', [west, other], 'Secret/apps/west', ['', '1.1.0']],
    ['management, for our own cluster', [here, east], 'management', ['1.1.0', '']],
    ['a label that names no cluster of the Pipeline, of our own', [here], 'eu-1', ['1.1.0']],
    ['missing where only the namespace tells', [{ namespace: 'x' }, east], undefined, ['', '1.1.0']],
  ];
  test.each(counts)('counts when it is %s', (_, targets, cluster, revisions) => {
    expect(reported(targets, cluster)).toEqual(revisions);
  });

  test('may have the API group of the object before its key', () => {
    expect(reported([here, east], 'east', 'helm.toolkit.fluxcd.io/cluster')).toEqual(['', '1.1.0']);
  });

  const refused: [why: string, targets: Target[], cluster: string | undefined, says: RegExp][] = [
    [
      'missing where several fit',
      [here, east, west],
      undefined,
      /fits 3 targets .* one of management, east, west/,
    ],
    ['of none of several', [here, east], 'north', /from cluster "north".*eventMetadata\.cluster/],
    ['another than that of the only target', [east], 'west', /from cluster "west"/],
    ["another one's of the Pipeline, not our own", [here], 'far', /from cluster "far"/],
    ['the same for two', [west, other], 'west', /"west" fits 2 targets .*<namespace>\/<name>/],
    ['in another namespace', [west], 'apps/west', /from cluster "apps\/west"/],
  ];
  test.each(refused)('is refused when it is %s', (_, targets, cluster, says) => {
    expect(reported(targets, cluster)).toMatch(says);
  });

  test('lets the events of several clusters be recorded apart', () => {
    const environments = [
      { name: 'dev', targets: [east, west] },
      { name: 'prod', targets: [{ namespace: 'prod' }] },
    ];
    const say = (cluster: string, revision: string, from: PipelineStatus) =>
      receive(
        pipeline({ environments }, from),
        'dev',
        event({ metadata: { revision, cluster } }, revision, 'app'),
        NOW,
      ).status ?? {};
    const first = say('east', '1.1.0', {});
    const both = say('west', '1.0.0', first);
    expect(both.environments?.dev?.targets?.map(({ revision }) => revision)).toEqual(['1.1.0', '1.0.0']);
    const again = say('west', '1.1.0', both);
    expect(again.environments?.dev?.targets?.map(({ revision }) => revision)).toEqual(['1.1.0', '1.1.0']);
  });
});

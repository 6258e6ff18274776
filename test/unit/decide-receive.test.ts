import { describe, expect, test } from 'bun:test';
import { receiveEvent } from '../../src/decide/receive.ts';
import { at, event, NOW, pipeline, running, spec, withState } from '../fakes/pipeline.ts';

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

  test('writes nothing when the next environment runs the revision already', () => {
    const receipt = receive(running({ dev: '1.0.0', staging: '1.1.0', prod: '1.0.0' }), 'dev', event(), NOW);
    expect(receipt).toMatchObject({ outcome: 'unchanged' });
    expect(receipt.status).toBeUndefined();
  });

  test('overwrites nothing when it is older than what is recorded', () => {
    const first = receive(pipeline(), 'dev', event(), NOW);
    const old = event({ timestamp: at(-10) }, '1.0.0');
    const receipt = receive({ ...pipeline(), status: first.status ?? {} }, 'dev', old, NOW);
    expect(receipt).toMatchObject({ outcome: 'outdated' });
    expect(receipt.status).toBeUndefined();
  });

  test('supersedes the older revision and keeps its pull request for the newer one', () => {
    const before = withState(pipeline(), 'staging', {
      promotion: {
        revision: '1.0.0',
        phase: 'PullRequestOpen',
        pullRequest: { url: 'https://f/1', number: 1 },
      },
    });
    const receipt = receive(before, 'dev', event(), NOW);
    expect(receipt).toMatchObject({ outcome: 'accepted' });
    expect(receipt.status?.environments?.staging?.promotion).toMatchObject({
      revision: '1.1.0',
      phase: 'Pending',
      pullRequest: { number: 1 },
    });
  });

  test('completes the journey in the last environment', () => {
    const receipt = receive(pipeline(), 'prod', event({}, '1.1.0', 'prod'), NOW);
    expect(receipt).toMatchObject({ outcome: 'completed', environment: 'prod' });
    expect(receipt.status?.environments?.prod?.deployment?.revision).toBe('1.1.0');
  });

  test('does not start a downgrade', () => {
    const receipt = receive(running({ dev: '2.0.0', staging: '2.0.0', prod: '2.0.0' }), 'dev', event(), NOW);
    expect(receipt).toMatchObject({ outcome: 'recorded' });
    expect(receipt.status?.environments?.staging?.promotion).toBeUndefined();
  });

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
    const told = event({ reason, severity, message: 'what Flux said' });
    const receipt = receive(pipeline(), 'dev', told, NOW);
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
    expect(receipt.kind === 'refused' && receipt.problem).toMatch(/No promotion is configured into staging/);
  });
});

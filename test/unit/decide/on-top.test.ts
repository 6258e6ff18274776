import { describe, expect, test } from 'bun:test';
import type { Environment, Gates, Promotion, Window } from '../../../src/api/pipeline.ts';
import { isManual, promotionInto } from '../../../src/decide/model/route.ts';
import { receiveEvent } from '../../../src/decide/observation/receive.ts';
import { at, event, NOW, pipeline, spec } from '../../fakes/pipeline.ts';

type OnTop = Pick<Environment, 'gates' | 'manual' | 'approvals' | 'promotion'>;

const OFFICE: Window = { days: ['Mon'], from: '09:00', to: '17:00' };
const NIGHT: Window = { from: '22:00', to: '02:00' };
const strategy = spec().promotion?.strategy ?? { notification: {} };

/** The promotion into staging. */
function into(below: Partial<Promotion>, own: OnTop): Promotion | undefined {
  const [dev, staging, ...others] = spec().environments;
  if (!dev || !staging) throw new Error('no environments');
  const environment = { ...staging, ...own };
  const environments = [dev, environment, ...others];
  return promotionInto(spec({ environments, promotion: { strategy, ...below } }), environment);
}

describe('gates of an environment', () => {
  const below: Gates = { soak: '24h', windows: [OFFICE], versions: '~1.4', targets: 'any' };
  const rows: [says: string, own: Gates, expected: Gates][] = [
    ['change nothing when none is named', {}, below],
    ['take the place of the one of the same name', { soak: '1h' }, { ...below, soak: '1h' }],
    ['replace all Allow windows', { windows: [NIGHT] }, { ...below, windows: [NIGHT] }],
    ['take the soak off with 0s', { soak: '0s' }, { ...below, soak: '0s' }],
    ['take the windows off with an empty list', { windows: [] }, { ...below, windows: [] }],
    ['ask for all targets again', { targets: 'all' }, { ...below, targets: 'all' }],
  ];
  test.each(rows)('%s', (_, own, expected) => {
    expect(into({ gates: below }, { gates: own })).toEqual({ strategy, gates: expected });
  });

  test('take the versions off with *, for what is no semantic version too', () => {
    const { versions: _, ...others } = below;
    expect(into({ gates: below }, { gates: { versions: '*' } })?.gates).toEqual(others);
  });

  test('leave the versions of single artifacts as they are', () => {
    const artifactVersions = [{ name: 'image', versions: '~1.4' }];
    const gates = { versions: '1', artifactVersions };
    expect(into({ gates }, { gates: { versions: '*' } })?.gates).toEqual({ artifactVersions });
  });

  test('need none below them', () => {
    expect(into({}, { gates: { soak: '1h' } })?.gates).toEqual({ soak: '1h' });
  });

  test('count for nobody else', () => {
    const [dev, staging, prod] = spec().environments;
    if (!dev || !staging || !prod) throw new Error('no environments');
    const all = spec({ environments: [dev, { ...staging, gates: { soak: '1h' }, manual: true }, prod] });
    expect(promotionInto(all, prod)).toBe(all.promotion);
  });
});

describe('whether an environment waits for an approval', () => {
  const rows: [below: Partial<Promotion>, own: OnTop, manual: boolean][] = [
    [{}, {}, false],
    [{ manual: true }, {}, true],
    [{}, { manual: true }, true],
    [{ manual: true }, { manual: false }, false],
    [{ approvals: {} }, {}, true],
    [{}, { approvals: {} }, true],
    [{ manual: false }, { approvals: { required: 1 } }, true],
    [{ approvals: {} }, { manual: false }, false],
    [{ approvals: {} }, { gates: { soak: '1h' } }, true],
    [{ manual: true }, { promotion: { strategy } }, false],
    [{}, { promotion: { strategy, approvals: {} } }, true],
  ];
  test.each(rows)('with %j below and %j on top', (below, own, manual) => {
    const [dev, staging] = spec().environments;
    if (!dev || !staging) throw new Error('no environments');
    const environment = { ...staging, ...own };
    const all = spec({ environments: [dev, environment], promotion: { strategy, ...below } });
    expect(isManual(all, environment)).toBe(manual);
    expect(promotionInto(all, environment)?.manual ?? false).toBe(manual);
    const receipt = receiveEvent(
      pipeline({ environments: all.environments, promotion: { strategy, ...below } }),
      'dev',
      event({ timestamp: at(0) }, '1.1.0'),
      NOW,
    );
    const waits = receipt.status?.environments?.staging?.promotion?.phase === 'WaitingApproval';
    // With a soak it is asked about once it is looked at.
    if (!own.gates) expect(waits).toBe(manual);
  });
});

describe('a promotion of its own', () => {
  test("takes the place of the Pipeline's as a whole", () => {
    const own = { strategy: { notification: {} } };
    expect(into({ manual: true, gates: { soak: '24h' } }, { promotion: own })).toBe(own);
  });
});

import { describe, expect, test } from 'bun:test';
import type {
  Environment,
  Gates,
  Pipeline,
  PipelineSpec,
  PromotionStatus,
} from '../../../src/api/pipeline.ts';
import { withEnvironment, withPromotion } from '../../../src/decide/model/state.ts';
import type { Observation } from '../../../src/decide/observation/application.ts';
import { receiveEvent } from '../../../src/decide/observation/receive.ts';
import { nextSteps, type Step } from '../../../src/decide/promotion/next.ts';
import type { PullRequestState } from '../../../src/decide/promotion/step.ts';
import { absent, at, event, NOW, observed, pipeline, ready, spec, unready } from '../../fakes/pipeline.ts';

/**
 * The decisions in one table. A row is a story of what was seen and done, one act after the other and a
 * minute apart, and the step for staging (or what `into` names) that it ends with.
 */

type Seen = Readonly<Record<string, Observation | Observation[]>>;

/** One thing that happens; what was decided before it is in the status by then. */
type Act =
  | { readonly see: Seen }
  | { readonly event: readonly [environment: string, revision: string, reason?: string] }
  | { readonly spec: Partial<PipelineSpec> }
  | { readonly record: PromotionStatus; readonly of?: string }
  | { readonly opened: number }
  | { readonly forge: PullRequestState };

interface Row {
  readonly story: readonly Act[];
  readonly spec?: Partial<PipelineSpec>;
  readonly into?: string;
  readonly step: 'rest' | `${'record' | 'promote'} ${string}`;
  readonly says?: string;
}

const MINUTE = 60;
const INTO = 'staging';
const url = 'https://git.example.com/acme/fleet/pulls/1';

interface Scene {
  readonly pipeline: Pipeline;
  readonly forge?: PullRequestState;
  readonly now: Date;
}

function happen(scene: Scene, act: Act, into: string): Scene {
  const { pipeline: from, now } = scene;
  if ('see' in act) return { ...scene, pipeline: observed(from, act.see, now) };
  if ('spec' in act) return { ...scene, pipeline: { ...from, spec: { ...from.spec, ...act.spec } } };
  if ('forge' in act) return { ...scene, forge: act.forge };
  if ('event' in act) {
    const [environment, revision, reason = 'UpgradeSucceeded'] = act.event;
    const severity = reason.endsWith('Failed') ? 'error' : 'info';
    const sent = event({ reason, severity, timestamp: now.toISOString() }, revision, environment);
    const { status = from.status } = receiveEvent(from, environment, sent, now);
    return { ...scene, pipeline: { ...from, status } };
  }
  const name = 'record' in act ? (act.of ?? into) : into;
  const state = from.status.environments?.[name] ?? {};
  const open = (number: number): PromotionStatus => ({
    revision: '',
    ...state.promotion,
    phase: 'PullRequestOpen',
    pullRequest: { url, number },
  });
  const promotion = 'record' in act ? act.record : open(act.opened);
  const status = withEnvironment(from.status, name, withPromotion(state, promotion));
  return { ...scene, pipeline: { ...from, status } };
}

function decide({ pipeline: from, forge, now }: Scene, into: string): Record<string, Step> {
  const pullRequests = forge ? { [into]: forge } : {};
  return nextSteps({ pipeline: from, pullRequests, requested: false, now });
}

/** What the reconciler would write. */
function decided(scene: Scene, into: string): Scene {
  let { status } = scene.pipeline;
  for (const [name, step] of Object.entries(decide(scene, into))) {
    if (step.kind === 'rest') continue;
    status = withEnvironment(status, name, withPromotion(status.environments?.[name] ?? {}, step.promotion));
  }
  return { ...scene, pipeline: { ...scene.pipeline, status } };
}

function outcome(row: Row): { step: string; says: string } {
  const into = row.into ?? INTO;
  let scene: Scene = { pipeline: pipeline(row.spec), now: NOW };
  for (const [index, act] of row.story.entries()) {
    if (index > 0) scene = decided(scene, into);
    scene = happen({ ...scene, now: new Date(at(index * MINUTE)) }, act, into);
  }
  const step = decide(scene, into)[into] ?? { kind: 'rest' };
  if (step.kind === 'rest') return { step: 'rest', says: '' };
  const { revision, phase, message = '' } = step.promotion;
  return {
    step: step.kind === 'promote' ? `promote ${revision}` : `record ${revision} ${phase}`,
    says: message,
  };
}

function seen(dev: string, staging: string, prod = staging): Act {
  return { see: { dev: ready(dev), staging: ready(staging), prod: ready(prod) } };
}

const SUSPENDED = 'It is suspended: resume it to have it deployed and promoted.';

function suspended(revision: string): Observation {
  return unready(revision, SUSPENDED);
}

function environments(...names: string[]): { environments: Environment[] } {
  return { environments: names.map((name) => ({ name, targets: [{ namespace: name }] })) };
}

const TWO: Partial<PipelineSpec> = {
  environments: [
    { name: 'dev', targets: [{ namespace: 'dev-a' }, { namespace: 'dev-b' }] },
    { name: 'staging', targets: [{ namespace: 'staging-a' }, { namespace: 'staging-b' }] },
  ],
};

function gated(gates: Gates, change: Partial<PipelineSpec> = {}): Partial<PipelineSpec> {
  const { promotion } = spec();
  return { ...change, ...(promotion && { promotion: { ...promotion, gates } }) };
}

const manual: Partial<PipelineSpec> = { promotion: { manual: true, strategy: { notification: {} } } };
const AWAY: Observation = { kind: 'unreadable', error: 'The cluster is away.' };
const away = { dev: AWAY, staging: AWAY, prod: AWAY };
const [COMMIT, NEXT_COMMIT] = [`main@sha1:${'a'.repeat(40)}`, `main@sha1:${'b'.repeat(40)}`];

function promoted(revision: string, before: string): Act[] {
  return [seen(revision, before), { opened: 1 }, { forge: 'merged' }, seen(revision, revision, before)];
}

function byHand(revision: string): Act {
  return { record: { revision, phase: 'Pending', requestedBy: 'jane', startedAt: at(0), updatedAt: at(0) } };
}

const PLAIN: Readonly<Record<string, Row>> = {
  'a revision that all targets are ready at is promoted': {
    story: [seen('1.1.0', '1.0.0')],
    step: 'promote 1.1.0',
  },
  'it goes to the next environment and no further': {
    story: [seen('1.1.0', '1.0.0')],
    into: 'prod',
    step: 'rest',
  },
  'it goes on to the environment after the next once it runs in the next': {
    story: promoted('1.1.0', '1.0.0'),
    into: 'prod',
    step: 'promote 1.1.0',
  },
  'nothing is promoted where it runs already': { story: [seen('1.1.0', '1.1.0')], step: 'rest' },
  'nothing is promoted where it is being rolled out already': {
    story: [{ see: { dev: ready('1.1.0'), staging: unready('1.1.0'), prod: ready('1.0.0') } }],
    step: 'rest',
  },
  'nothing is promoted from an environment that is not ready': {
    story: [{ see: { dev: unready('1.1.0'), staging: ready('1.0.0'), prod: ready('1.0.0') } }],
    step: 'rest',
  },
  'an environment whose application is not there yet gets its first delivery': {
    story: [{ see: { dev: ready('1.1.0'), staging: absent, prod: absent } }],
    step: 'promote 1.1.0',
  },
  'an environment that cannot be read keeps what it ran: an older revision does not come': {
    story: [seen('2.0.0', '2.0.0'), { see: { dev: ready('1.0.0'), staging: AWAY, prod: AWAY } }],
    step: 'record 1.0.0 Superseded',
  },
  'an environment whose previous one is not there yet gets nothing': {
    story: [{ see: { dev: ready('1.1.0'), staging: absent, prod: absent } }],
    into: 'prod',
    step: 'rest',
  },
  'what is on its way is left alone': {
    story: [seen('1.1.0', '1.0.0'), { opened: 1 }],
    step: 'rest',
  },
  'what waits for an approval is left alone': {
    spec: manual,
    story: [seen('1.1.0', '1.0.0'), seen('1.1.0', '1.0.0')],
    step: 'rest',
  },
  'what a person rejected is not promoted again': {
    story: [seen('1.1.0', '1.0.0'), { opened: 1 }, { forge: 'closed' }, seen('1.1.0', '1.0.0')],
    step: 'rest',
  },
  'what comes after a rejected revision is promoted': {
    story: [seen('1.1.0', '1.0.0'), { opened: 1 }, { forge: 'closed' }, seen('1.2.0', '1.0.0')],
    step: 'promote 1.2.0',
  },
  'a newer revision takes the place of one that waits for an approval': {
    spec: manual,
    story: [seen('1.1.0', '1.0.0'), seen('1.2.0', '1.0.0')],
    step: 'record 1.2.0 WaitingApproval',
  },
  'a newer revision takes the place of one whose pull request is open': {
    story: [seen('1.1.0', '1.0.0'), { opened: 1 }, seen('1.2.0', '1.0.0')],
    step: 'promote 1.2.0',
  },
  'nothing is promoted while the pipeline is suspended': {
    spec: { suspend: true },
    story: [seen('1.1.0', '1.0.0')],
    step: 'record 1.1.0 Pending',
    says: 'Waits until the Pipeline is no longer suspended.',
  },
  'a notification is not raised a second time by suspending and resuming': {
    spec: { promotion: { strategy: { notification: {} } } },
    story: [
      seen('1.1.0', '1.0.0'),
      { record: { revision: '1.1.0', phase: 'Promoting', message: 'Notified.' } },
      { spec: { suspend: true } },
      { spec: { suspend: false } },
    ],
    step: 'rest',
  },
};

const BACKWARDS: Readonly<Record<string, Row>> = {
  'an older version is not promoted automatically': {
    story: [seen('1.0.0', '1.1.0')],
    step: 'record 1.0.0 Superseded',
    says: 'a downgrade is not promoted automatically',
  },
  'an older version is promoted when somebody asks for it by hand': {
    story: [seen('1.2.0', '1.2.0'), byHand('1.1.0')],
    step: 'promote 1.1.0',
  },
  'what was asked for by hand is not replaced by what comes meanwhile': {
    story: [seen('1.2.0', '1.2.0'), byHand('1.1.0'), { opened: 1 }, seen('1.3.0', '1.2.0')],
    step: 'rest',
  },
  'what was asked for by hand is not replaced by an event either': {
    story: [seen('1.2.0', '1.2.0'), byHand('1.1.0'), { opened: 1 }, { event: ['dev', '1.3.0'] }],
    step: 'rest',
  },
  'a rollback that was asked for by hand is not undone': {
    story: [...promoted('1.2.0', '1.1.0'), byHand('1.1.0'), seen('1.2.0', '1.1.0'), seen('1.2.0', '1.1.0')],
    step: 'record 1.2.0 Superseded',
    says: 'staging ran 1.2.0 before and moved on from it',
  },
  'a rollback that was asked for by hand ends with the next revision': {
    story: [...promoted('1.2.0', '1.1.0'), byHand('1.1.0'), seen('1.2.0', '1.1.0'), seen('1.3.0', '1.1.0')],
    step: 'promote 1.3.0',
  },
  'a merge that was reverted holds': {
    story: [...promoted('1.1.0', '1.0.0'), seen('1.1.0', '1.1.0', '1.0.0'), seen('1.1.0', '1.0.0')],
    step: 'rest',
  },
  'a merge that was reverted before it was deployed holds': {
    story: [seen('1.1.0', '1.0.0'), { opened: 1 }, { forge: 'merged' }, seen('1.1.0', '1.0.0')],
    step: 'rest',
  },
  'a merge that was reverted holds until another revision comes': {
    story: [...promoted('1.1.0', '1.0.0'), seen('1.1.0', '1.0.0'), seen('1.2.0', '1.0.0')],
    step: 'promote 1.2.0',
  },
  'a merge of a commit that was reverted holds, also when another one came and went': {
    story: [
      ...promoted(COMMIT, 'main@sha1:0'),
      seen(COMMIT, 'main@sha1:0'),
      seen(NEXT_COMMIT, 'main@sha1:0'),
      seen(COMMIT, 'main@sha1:0'),
    ],
    step: `record ${COMMIT} Superseded`,
    says: 'ran main@aaaaaaa before',
  },
  'a revision that was rolled back is not promoted, and its pull request is to be closed': {
    story: [
      seen('1.0.0', '1.0.0'),
      seen('1.1.0', '1.0.0'),
      { opened: 1 },
      { see: { dev: unready('1.0.0'), staging: ready('1.0.0'), prod: ready('1.0.0') } },
    ],
    step: 'record 1.1.0 Superseded',
    says: '1.1.0 was rolled back in dev: it is not promoted. Pull request #1 is closed.',
  },
  'a revision that was rolled back no longer waits for an approval': {
    spec: manual,
    story: [
      seen('1.0.0', '1.0.0'),
      seen('1.1.0', '1.0.0'),
      { see: { dev: unready('1.0.0'), staging: ready('1.0.0'), prod: ready('1.0.0') } },
    ],
    step: 'record 1.1.0 Superseded',
    says: 'rolled back in dev',
  },
  'a rollback that only an event tells of counts too': {
    story: [
      { see: away },
      { event: ['dev', '1.0.0'] },
      { see: away },
      { event: ['dev', '1.1.0'] },
      { see: away },
      { opened: 1 },
      { event: ['dev', '1.0.0', 'RollbackSucceeded'] },
    ],
    step: 'rest',
  },
  'a deployment that only an event calls failed is not promoted': {
    story: [{ see: away }, { event: ['dev', '1.1.0', 'UpgradeFailed'] }, { see: away }],
    step: 'rest',
  },
  'a revision that failed after it was recorded waits': {
    spec: { suspend: true },
    story: [
      { see: away },
      { event: ['dev', '1.1.0'] },
      { see: away },
      { event: ['dev', '1.1.0', 'TestFailed'] },
    ],
    step: 'record 1.1.0 Pending',
    says: 'Waits until dev is ready at 1.1.0',
  },
  'a revision whose Helm tests fail within its soak is not promoted, where events alone tell': {
    spec: gated({ soak: '10m' }),
    story: [
      { see: away },
      { event: ['dev', '1.1.0'] },
      { event: ['dev', '1.1.0', 'TestFailed'] },
      ...Array.from({ length: 12 }, () => ({ see: away })),
    ],
    step: 'rest',
  },
  'a revision whose Helm tests pass is promoted after its soak, where events alone tell': {
    spec: gated({ soak: '10m' }),
    story: [
      { see: away },
      { event: ['dev', '1.1.0'] },
      { event: ['dev', '1.1.0', 'TestSucceeded'] },
      ...Array.from({ length: 12 }, () => ({ see: away })),
    ],
    step: 'promote 1.1.0',
  },
  'nothing is promoted from what is suspended': {
    story: [
      seen('1.0.0', '1.0.0'),
      { see: { dev: suspended('1.1.0'), staging: ready('1.0.0'), prod: ready('1.0.0') } },
    ],
    step: 'rest',
  },
  'what waits for its soak says that the application is suspended': {
    spec: gated({ soak: '5m' }),
    story: [
      seen('1.1.0', '1.0.0'),
      { see: { dev: suspended('1.1.0'), staging: ready('1.0.0'), prod: ready('1.0.0') } },
    ],
    step: 'record 1.1.0 Pending',
    says: `Waits until dev is ready at 1.1.0: dev: ${SUSPENDED}`,
  },
  'what waits for its soak is not promoted while the application is suspended': {
    spec: gated({ soak: '5m' }),
    story: [
      seen('1.1.0', '1.0.0'),
      ...Array.from({ length: 6 }, () => ({
        see: { dev: suspended('1.1.0'), staging: ready('1.0.0'), prod: ready('1.0.0') },
      })),
    ],
    step: 'rest',
  },
  'what was suspended for as long as its soak is promoted once it is resumed and ready': {
    spec: gated({ soak: '5m' }),
    story: [
      seen('1.1.0', '1.0.0'),
      ...Array.from({ length: 6 }, () => ({
        see: { dev: suspended('1.1.0'), staging: ready('1.0.0'), prod: ready('1.0.0') },
      })),
      { see: { dev: unready('1.1.0', 'Running checks'), staging: ready('1.0.0'), prod: ready('1.0.0') } },
      seen('1.1.0', '1.0.0'),
    ],
    step: 'promote 1.1.0',
  },
  'what was suspended is promoted once it is resumed': {
    story: [
      seen('1.0.0', '1.0.0'),
      { see: { dev: suspended('1.1.0'), staging: ready('1.0.0'), prod: ready('1.0.0') } },
      seen('1.1.0', '1.0.0'),
    ],
    step: 'promote 1.1.0',
  },
  'what is merged says that its environment is suspended': {
    story: [
      seen('1.1.0', '1.0.0'),
      { opened: 1 },
      { forge: 'merged' },
      { see: { dev: ready('1.1.0'), staging: suspended('1.0.0'), prod: ready('1.0.0') } },
    ],
    step: 'record 1.1.0 Merged',
    says: 'waits until staging is ready at 1.1.0: HelmRelease app in staging is suspended, resume it.',
  },
  'what is merged and suspended is there once it is resumed and rolled out': {
    story: [
      seen('1.1.0', '1.0.0'),
      { opened: 1 },
      { forge: 'merged' },
      { see: { dev: ready('1.1.0'), staging: suspended('1.0.0'), prod: ready('1.0.0') } },
      seen('1.1.0', '1.1.0', '1.0.0'),
    ],
    step: 'record 1.1.0 Succeeded',
  },
  'the version that runs again after a rollback is not promoted as if it were new': {
    story: [...promoted('1.0.0', '0.9.0'), ...promoted('1.1.0', '1.0.0'), seen('1.0.0', '1.1.0')],
    step: 'record 1.0.0 Superseded',
    says: 'a downgrade is not promoted automatically',
  },
  'the commit that runs again after a rollback is not promoted as if it were new': {
    story: [...promoted(COMMIT, 'main@sha1:0'), ...promoted(NEXT_COMMIT, COMMIT), seen(COMMIT, NEXT_COMMIT)],
    step: `record ${COMMIT} Superseded`,
    says: 'staging ran main@aaaaaaa before and moved on from it',
  },
  'a revision that holds after it was rolled back once is promoted': {
    story: [
      seen('1.0.0', '1.0.0'),
      seen('1.1.0', '1.0.0'),
      { opened: 1 },
      { see: { dev: unready('1.0.0'), staging: ready('1.0.0'), prod: ready('1.0.0') } },
      seen('1.1.0', '1.0.0'),
    ],
    step: 'promote 1.1.0',
  },
};

const TARGETS: Readonly<Record<string, Row>> = {
  'an environment with several targets is deployed when all of them are': {
    spec: TWO,
    story: [{ see: { dev: [ready('1.1.0'), ready('1.1.0')], staging: [ready('1.0.0'), ready('1.0.0')] } }],
    step: 'promote 1.1.0',
  },
  'one target that is behind keeps the others waiting': {
    spec: TWO,
    story: [{ see: { dev: [ready('1.1.0'), ready('1.0.0')], staging: [ready('1.0.0'), ready('1.0.0')] } }],
    step: 'rest',
  },
  'one target that is not ready keeps the others waiting': {
    spec: TWO,
    story: [{ see: { dev: [ready('1.1.0'), unready('1.1.0')], staging: [ready('1.0.0'), ready('1.0.0')] } }],
    step: 'rest',
  },
  'one target that is behind in the next environment gets the revision too': {
    spec: TWO,
    story: [{ see: { dev: [ready('1.1.0'), ready('1.1.0')], staging: [ready('1.1.0'), ready('1.0.0')] } }],
    step: 'promote 1.1.0',
  },
  'one target that is newer in the next environment holds the revision': {
    spec: TWO,
    story: [{ see: { dev: [ready('1.1.0'), ready('1.1.0')], staging: [ready('1.2.0'), ready('1.0.0')] } }],
    step: 'record 1.1.0 Pending',
    says: 'Waits until no target of staging runs 1.2.0, which is newer than 1.1.0.',
  },
  'all targets that are newer in the next environment keep the revision out': {
    spec: TWO,
    story: [{ see: { dev: [ready('1.1.0'), ready('1.1.0')], staging: [ready('1.2.0'), ready('1.3.0')] } }],
    step: 'record 1.1.0 Superseded',
  },
  'with targets: any, one target that is ready is enough': {
    spec: gated({ targets: 'any' }, TWO),
    story: [{ see: { dev: [ready('1.1.0'), ready('1.0.0')], staging: [ready('1.0.0'), ready('1.0.0')] } }],
    step: 'promote 1.1.0',
  },
  'with targets: any, the commit that came last is meant': {
    spec: gated({ targets: 'any' }, TWO),
    story: [
      { see: { dev: [ready(COMMIT), ready(COMMIT)], staging: [ready(COMMIT), ready(COMMIT)] } },
      { see: { dev: [ready(COMMIT), ready(NEXT_COMMIT)], staging: [ready(COMMIT), ready(COMMIT)] } },
    ],
    step: `promote ${NEXT_COMMIT}`,
  },
  'with targets: any, what failed at another target is not promoted': {
    spec: gated({ targets: 'any' }, TWO),
    story: [
      { see: { dev: [ready('1.0.0'), ready('1.0.0')], staging: [ready('1.0.0'), ready('1.0.0')] } },
      {
        see: {
          dev: [ready('1.1.0'), { ...unready('1.0.0'), failed: '1.1.0' } as Observation],
          staging: [ready('1.0.0'), ready('1.0.0')],
        },
      },
    ],
    step: 'rest',
  },
};

const CHANGES: Readonly<Record<string, Row>> = {
  'what another pipeline promoted in the meantime is not promoted again': {
    story: [seen('1.1.0', '1.0.0'), { opened: 1 }, seen('1.1.0', '1.1.0', '1.0.0')],
    step: 'record 1.1.0 Succeeded',
  },
  'what another pipeline brought further is not taken back': {
    story: [seen('1.1.0', '1.0.0'), { opened: 1 }, seen('1.1.0', '1.2.0', '1.0.0')],
    step: 'record 1.1.0 Superseded',
    says: 'a downgrade is not promoted automatically. Pull request #1 is closed.',
  },
  'what another pipeline brought further while ours waited is not taken back': {
    spec: manual,
    story: [seen('1.1.0', '1.0.0'), seen('1.1.0', '1.2.0', '1.0.0')],
    step: 'record 1.1.0 Superseded',
    says: 'staging runs 1.2.0, which is newer than 1.1.0',
  },
  'an environment that is added at the end gets what the last one runs': {
    story: [
      seen('1.1.0', '1.1.0'),
      { spec: environments('dev', 'staging', 'prod', 'dr') },
      { see: { dev: ready('1.1.0'), staging: ready('1.1.0'), prod: ready('1.1.0'), dr: absent } },
    ],
    into: 'dr',
    step: 'promote 1.1.0',
  },
  'an environment that is added in between gets the revision first': {
    story: [
      seen('1.1.0', '1.0.0'),
      { opened: 1 },
      { spec: environments('dev', 'qa', 'staging', 'prod') },
      { see: { dev: ready('1.1.0'), qa: absent, staging: ready('1.0.0'), prod: ready('1.0.0') } },
    ],
    into: 'qa',
    step: 'promote 1.1.0',
  },
  'an environment that is added in front ends what was to be promoted into the former first one': {
    story: [seen('1.1.0', '1.0.0'), { opened: 1 }, { spec: environments('staging', 'dev', 'prod') }],
    step: 'record 1.1.0 Superseded',
    says: 'staging is the first environment now',
  },
  'an environment whose predecessor is removed gets what is before that now': {
    story: [
      seen('1.1.0', '1.0.0'),
      { opened: 1 },
      { spec: environments('dev', 'prod') },
      { see: { dev: ready('1.1.0'), prod: ready('1.0.0') } },
    ],
    into: 'prod',
    step: 'promote 1.1.0',
  },
  'an environment that is renamed is another one': {
    story: [
      seen('1.1.0', '1.0.0'),
      { opened: 1 },
      {
        spec: {
          environments: [
            { name: 'dev', targets: [{ namespace: 'dev' }] },
            { name: 'stage', targets: [{ namespace: 'staging' }] },
          ],
        },
      },
      { see: { dev: ready('1.1.0'), stage: ready('1.0.0') } },
    ],
    into: 'stage',
    step: 'promote 1.1.0',
  },
  'an environment that was removed and comes again begins anew': {
    story: [
      seen('1.1.0', '1.0.0'),
      { opened: 1 },
      { forge: 'closed' },
      { spec: environments('dev', 'prod') },
      { see: { dev: ready('1.1.0'), prod: ready('1.0.0') } },
      { spec: environments('dev', 'staging', 'prod') },
      seen('1.1.0', '1.0.0'),
    ],
    step: 'promote 1.1.0',
  },
  'environments that change places do not take anything back': {
    story: [seen('1.2.0', '1.1.0', '1.0.0'), { spec: environments('staging', 'dev', 'prod') }],
    into: 'dev',
    step: 'record 1.1.0 Superseded',
    says: 'a downgrade is not promoted automatically',
  },
  'targets that change places are still known': {
    spec: TWO,
    story: [
      { see: { dev: [ready('1.1.0'), ready('1.1.0')], staging: [ready('1.0.0'), ready('1.0.0')] } },
      { opened: 1 },
      {
        spec: {
          environments: [
            { name: 'dev', targets: [{ namespace: 'dev-b' }, { namespace: 'dev-a' }] },
            { name: 'staging', targets: [{ namespace: 'staging-b' }, { namespace: 'staging-a' }] },
          ],
        },
      },
      { see: { dev: [ready('1.1.0'), ready('1.1.0')], staging: [ready('1.1.0'), ready('1.1.0')] } },
    ],
    step: 'record 1.1.0 Succeeded',
  },
  'an application that changes takes the place of what waits, at the same revision too': {
    story: [
      ...promoted('1.1.0', '1.0.0'),
      { spec: { appRef: { ...spec().appRef, name: 'other' } } },
      seen('1.1.0', '0.1.0'),
    ],
    step: 'promote 1.1.0',
  },
  'an application that changes ends what the one before waits for': {
    spec: manual,
    story: [
      seen('1.1.0', '1.0.0'),
      { spec: { appRef: { ...spec().appRef, name: 'other' } } },
      { see: { dev: absent, staging: absent, prod: absent } },
    ],
    step: 'rest',
  },
  'an application whose API only has another version is the same': {
    story: [
      ...promoted('1.1.0', '1.0.0'),
      { spec: { appRef: { ...spec().appRef, apiVersion: 'helm.toolkit.fluxcd.io/v2beta2' } } },
      seen('1.1.0', '1.0.0'),
    ],
    step: 'rest',
  },
  'a strategy that changes does not repeat what is on its way': {
    story: [
      seen('1.1.0', '1.0.0'),
      { opened: 1 },
      { spec: { promotion: { strategy: { notification: {} } } } },
    ],
    step: 'rest',
  },
  'a promotion that is taken out of the spec is not begun': {
    spec: { suspend: true },
    story: [seen('1.1.0', '1.0.0'), { spec: { suspend: false, promotion: undefined } as never }],
    step: 'record 1.1.0 Superseded',
    says: 'No promotion is configured for staging.',
  },
  'a promotion that is taken out of the spec after its merge is over': {
    story: [
      seen('1.1.0', '1.0.0'),
      { opened: 1 },
      { forge: 'merged' },
      { spec: { promotion: undefined } as never },
    ],
    step: 'record 1.1.0 Superseded',
    says: 'No promotion is configured for staging.',
  },
};

describe('the decision', () => {
  const rows = Object.entries({ ...PLAIN, ...BACKWARDS, ...TARGETS, ...CHANGES });
  test.each(rows)('%s', (_, row) => {
    const { step, says } = outcome(row);
    expect(step).toBe(row.step);
    if (row.says !== undefined) expect(says).toContain(row.says);
  });

  test.each(rows)('is made once: %s', (_, row) => {
    const into = row.into ?? INTO;
    let scene: Scene = { pipeline: pipeline(row.spec), now: NOW };
    for (const [index, act] of row.story.entries()) {
      scene = decided(happen({ ...scene, now: new Date(at(index * MINUTE)) }, act, into), into);
    }
    const again = decide(scene, into);
    for (const step of Object.values(again)) expect(step.kind).not.toBe('record');
  });
});

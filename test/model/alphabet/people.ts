import { RECONCILE_REQUESTED_AT } from '../../../src/api/group.ts';
import type { PipelineSpec } from '../../../src/api/pipeline.ts';
import { approve } from '../../../src/decide/observation/approve.ts';
import { receiveChange } from '../../../src/decide/observation/forge-change.ts';
import { approveIn, forgetEnvironment, lapse, nothingKnown } from '../observer/facts.ts';
import type { Box, State } from '../plant/box.ts';
import { plainUrl } from '../world/forge.ts';
import { DAY, HOUR, later, MINUTE } from '../world/world.ts';
import { OTHER_URL } from './clusters.ts';
import { type Letter, respec, specOf } from './letter.ts';

/** The letters of people who change the Pipeline, of the process, and of time. */

function waitingIn({ stored }: Pick<State, 'stored'>, environment: string): string {
  return stored.status.environments?.[environment]?.waitingApproval?.revision ?? '';
}

export function approves(environment: string): Letter {
  return {
    name: `a person approves what waits for ${environment}`,
    may: (state) => waitingIn(state, environment) !== '',
    happen(box, { plant }) {
      const revision = waitingIn(box, environment);
      const approval = { environment, revision, by: 'ada' };
      const { status } = plant.write(box, (pipeline, now) => ({ status: approve(pipeline, approval, now) }));
      if (status) box.facts = approveIn(box.facts, environment, revision);
      box.facts = lapse(box.facts);
    },
  };
}

/** The forge's webhook reports a pull request that is followed. */
export function reportsPull(environment: string): Letter {
  const numberIn = ({ stored }: Pick<State, 'stored'>) =>
    stored.status.environments?.[environment]?.promotion?.pullRequest?.number;
  return {
    name: `the forge reports the pull request into ${environment}`,
    may: (state) => numberIn(state) !== undefined,
    happen(box, { plant }) {
      const change = { number: numberIn(box) ?? 0, environments: [environment] };
      plant.write(box, (pipeline, now) => receiveChange(pipeline, change, now));
    },
  };
}

export function suspends(suspend: boolean): Letter {
  return {
    name: suspend ? 'a person suspends the Pipeline' : 'a person resumes the Pipeline',
    may: (state) => (specOf(state).suspend ?? false) !== suspend,
    happen: (box) => respec(box, (spec) => ({ ...spec, suspend })),
  };
}

export function requests(): Letter {
  return {
    name: 'a person asks for a reconciliation',
    may: () => true,
    happen(box) {
      const { metadata } = box.stored;
      const at = new Date(box.world.now).toISOString();
      const annotations = { ...metadata.annotations, [RECONCILE_REQUESTED_AT]: at };
      const resourceVersion = String(Number(metadata.resourceVersion) + 1);
      box.stored = { ...box.stored, metadata: { ...metadata, annotations, resourceVersion } };
      box.isDirty = true;
    },
  };
}

/** The annotation that asks for it goes, as `kubectl apply` and GitOps do it. */
export function withdraws(): Letter {
  return {
    name: 'the request for a reconciliation is taken away',
    may: ({ stored: { metadata } }) => metadata.annotations?.[RECONCILE_REQUESTED_AT] !== undefined,
    happen(box) {
      const { annotations: _, ...metadata } = box.stored.metadata;
      const resourceVersion = String(Number(metadata.resourceVersion) + 1);
      box.stored = { ...box.stored, metadata: { ...metadata, resourceVersion } };
      box.isDirty = true;
    },
  };
}

/** The same repository, with `.git` at the end of its name or without. */
export function respells(): Letter {
  return {
    name: 'a person spells the URL of the repository otherwise',
    may: (state) => settingsOf(state) !== undefined,
    happen: (box) =>
      respec(box, (spec) => {
        const { url = '' } = spec.promotion?.strategy['pull-request'] ?? {};
        const plain = plainUrl(url);
        return withSettings(spec, { url: url === plain ? `${plain}.git` : plain });
      }),
  };
}

type Settings = NonNullable<NonNullable<PipelineSpec['promotion']>['strategy']['pull-request']>;

function withSettings(spec: PipelineSpec, change: Partial<Settings>): PipelineSpec {
  const settings = spec.promotion?.strategy['pull-request'];
  if (!spec.promotion || !settings) return spec;
  const strategy = { ...spec.promotion.strategy, 'pull-request': { ...settings, ...change } };
  return { ...spec, promotion: { ...spec.promotion, strategy } };
}

function settingsOf(state: Pick<State, 'stored'>): Settings | undefined {
  return specOf(state).promotion?.strategy['pull-request'];
}

export function movesTo(url: string): Letter {
  return {
    name: `a person promotes by the repository ${url === OTHER_URL ? 'acme/other' : 'acme/fleet'}`,
    may: (state) => settingsOf(state) !== undefined && settingsOf(state)?.url !== url,
    happen: (box) => respec(box, (spec) => withSettings(spec, { url })),
  };
}

export function turnsTo(baseBranch: string): Letter {
  return {
    name: `a person changes the base branch to ${baseBranch}`,
    may: (state) => settingsOf(state) !== undefined && settingsOf(state)?.baseBranch !== baseBranch,
    happen: (box) => respec(box, (spec) => withSettings(spec, { baseBranch })),
  };
}

/** Another application, and another repository, in one go. */
export function becomesOther(): Letter {
  return {
    name: 'a person changes the application and the repository in one go',
    may: (state) => specOf(state).appRef.name === 'app',
    happen(box) {
      respec(box, (spec) =>
        withSettings({ ...spec, appRef: { ...spec.appRef, name: 'shop' } }, { url: OTHER_URL }),
      );
      // The known facts are about the application before.
      box.facts = nothingKnown(box.facts.rules);
    },
  };
}

export function takesOut(environment: string): Letter {
  const has = (state: Pick<State, 'stored'>) =>
    specOf(state).environments.some(({ name }) => name === environment);
  return {
    name: `a person takes the environment ${environment} out of the spec`,
    may: has,
    happen(box) {
      respec(box, (spec) => ({
        ...spec,
        environments: spec.environments.filter(({ name }) => name !== environment),
      }));
      // A removed environment is forgotten.
      box.facts = forgetEnvironment(box.facts, environment);
    },
  };
}

/** Puts the environment back at the end, with one target. */
export function putsBack(environment: string): Letter {
  return {
    name: `a person puts the environment ${environment} into the spec again`,
    may: (state) => specOf(state).environments.every(({ name }) => name !== environment),
    happen: (box) =>
      respec(box, (spec) => ({
        ...spec,
        environments: [
          ...spec.environments,
          { name: environment, targets: [{ namespace: `${environment}-0` }] },
        ],
      })),
  };
}

/** Deletes the Pipeline itself. A change that no process sees cannot be acted on. */
export function deletes(): Letter {
  return {
    name: 'a person deletes the Pipeline',
    may: () => true,
    happen(box) {
      box.deleted = box.up ? 'seen' : 'lost';
    },
  };
}

export function notifiesInstead(): Letter {
  return {
    name: 'a person changes the strategy to notification',
    may: (state) => settingsOf(state) !== undefined,
    happen: (box) =>
      respec(box, (spec) => ({ ...spec, promotion: { ...spec.promotion, strategy: { notification: {} } } })),
  };
}

export function stops(): Letter {
  return {
    name: 'the process ends',
    may: ({ up }) => up,
    happen(box) {
      box.up = false;
      box.asked = new Map();
    },
  };
}

export function starts(): Letter {
  return {
    name: 'another process takes over',
    may: ({ up }) => !up,
    happen(box) {
      box.up = true;
      box.isDirty = true;
    },
  };
}

/** Time passes until the reconciler looks again by itself. */
export function wakes(): Letter {
  return {
    name: 'time passes until the reconciler looks again',
    may: ({ up }) => up,
    happen(box) {
      box.world = { ...box.world, now: Math.max(box.world.now, box.wakeAt) };
      box.isDirty = true;
    },
  };
}

function passing(name: string, milliseconds: number): Letter {
  return {
    name: `${name} pass`,
    may: () => true,
    happen(box) {
      box.world = later(box.world, milliseconds);
      box.isDirty = true;
    },
  };
}

export const moments = passing('20 seconds', 20_000);
export const minutes = passing('11 minutes', 11 * MINUTE);
export const hours = passing('two hours', 2 * HOUR);
export const days = passing('eight days', 8 * DAY);

/** The next time that the clock shows this hour, in UTC. */
export function strikes(hour: number, what: string): Letter {
  return {
    name: what,
    may: () => true,
    happen(box) {
      const today = Math.floor(box.world.now / DAY) * DAY + hour * HOUR;
      box.world = { ...box.world, now: today > box.world.now ? today : today + DAY };
      box.isDirty = true;
    },
  };
}

/** Something that is going to happen at the next checkpoint of this name. */
export function arms(at: string, letter: Letter): Letter {
  return {
    name: `at the next ${at}: ${letter.name}`,
    may: ({ armed, up }) => armed === undefined && up,
    happen(box: Box) {
      box.armed = { at, letter: letter.name };
    },
  };
}

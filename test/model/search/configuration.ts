import type { PipelineSpec } from '../../../src/api/pipeline.ts';
import { MAIN_URL, OTHER_URL } from '../alphabet/clusters.ts';
import type { Letter, Stage } from '../alphabet/letter.ts';
import { nothingKnown } from '../observer/facts.ts';
import type { State } from '../plant/box.ts';
import { APPLICATION, NAME, NAMESPACE } from '../plant/names.ts';
import type { Repository } from '../world/repository.ts';
import { type App, HOUR, START, type World } from '../world/world.ts';

/** A Pipeline, the world that it is in, and what may happen to both. */
export interface Configuration {
  readonly name: string;
  readonly letters: readonly Letter[];
  /** Things that may happen between two steps of the reconciler. */
  readonly between?: readonly Letter[];
  /** The most things that happen, in `npm test`. */
  readonly depth: number;
  /** Milliseconds between two things that happen; default: 6 seconds. */
  readonly pause?: number;
  readonly events: Stage['events'];
  readonly revisions: readonly string[];
  readonly start: State;
}

type Promotion = NonNullable<PipelineSpec['promotion']>;
type PullRequests = NonNullable<Promotion['strategy']['pull-request']>;

export interface Setting {
  /** Environments in their order, each with the number of its targets. */
  readonly environments: Readonly<Record<string, number>>;
  readonly revisions: readonly string[];
  readonly promotion?: Partial<Promotion>;
  readonly pullRequest?: Partial<PullRequests>;
  readonly strategy?: Promotion['strategy'];
  /** Targets that cannot be read: `environment` or `environment-target`. */
  readonly unreadable?: readonly string[];
  readonly repository?: Partial<Repository>;
}

/** All environments run the first revision, and the Pipeline was just created. */
export function startOf(setting: Setting): State {
  const { environments, promotion = {} } = setting;
  const names = Object.keys(environments);
  const spec: PipelineSpec = {
    appRef: APPLICATION,
    environments: names.map((name) => ({
      name,
      targets: Array.from({ length: environments[name] ?? 1 }, (_, index) => ({
        namespace: `${name}-${index}`,
      })),
    })),
    promotion: { strategy: strategyOf(setting), ...promotion },
  };
  const metadata = { name: NAME, namespace: NAMESPACE, uid: 'uid-1', generation: 1, resourceVersion: '1' };
  const { soak } = promotion.gates ?? {};
  const soakMs = soak === undefined ? {} : { soakMs: Number.parseInt(soak, 10) * 60_000 };
  return {
    world: worldOf(setting),
    stored: { metadata, spec: { ok: true, value: spec }, status: {} },
    asked: new Map(),
    up: true,
    wakeAt: START,
    facts: nothingKnown({ environments: names, targets: environments, ...soakMs }),
  };
}

function strategyOf({ strategy, pullRequest }: Setting): Promotion['strategy'] {
  if (strategy) return strategy;
  const settings = {
    type: 'gitea',
    url: MAIN_URL,
    baseBranch: 'main',
    secretRef: { name: 'forge' },
  } as const;
  return { 'pull-request': { ...settings, ...pullRequest }, secretRef: { name: 'hook' } };
}

function worldOf({ environments, revisions, unreadable = [], repository = {} }: Setting): World {
  const names = Object.keys(environments);
  const runs = revisions[0] ?? '';
  const content = Object.fromEntries(names.slice(1).map((name) => [name, runs]));
  const app = { exists: true, runs, ready: true, reason: 'UpgradeSucceeded', deployedAt: START - HOUR };
  const clusters = names.map((name): [string, App[]] => [
    name,
    Array.from({ length: environments[name] ?? 1 }, (_, index) => ({
      ...app,
      readable: !unreadable.includes(name) && !unreadable.includes(`${name}-${index}`),
    })),
  ]);
  return {
    now: START,
    clusters: Object.fromEntries(clusters),
    repositories: {
      [MAIN_URL]: { ...REPOSITORY, bases: { main: content, release: content }, ...repository },
      [OTHER_URL]: { ...REPOSITORY, bases: { main: content }, branches: THEIRS, pulls: [FOREIGN] },
    },
    mail: [],
    raised: [],
    commits: 0,
  };
}

const REPOSITORY: Repository = {
  bases: {},
  branches: {},
  pulls: [],
  statuses: {},
  neighbours: false,
  strict: false,
  refuses: false,
  away: false,
  checking: false,
};

/** A person's pull request, with the number that the first one of ours gets elsewhere. */
const FOREIGN = {
  number: 1,
  head: 'feature',
  base: 'main',
  state: 'open',
  title: 'A feature',
  body: '',
  by: 'person',
  environment: '',
} as const;

const THEIRS = { feature: { commit: 'feature', from: {}, environment: '', work: ['feature'] } };

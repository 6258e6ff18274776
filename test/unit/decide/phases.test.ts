import { describe, expect, test } from 'bun:test';
import { Glob } from 'bun';
import {
  type Pipeline,
  type PipelineSpec,
  type PipelineStatus,
  PROMOTION_PHASES,
  type PromotionPhase,
  type PromotionStatus,
  type PullRequestRef,
} from '../../../src/api/pipeline.ts';
import { BEFORE_MERGE, UNFINISHED } from '../../../src/decide/model/phase.ts';
import { withEnvironment, withPromotion } from '../../../src/decide/model/state.ts';
import { approve } from '../../../src/decide/observation/approve.ts';
import { receiveEvent } from '../../../src/decide/observation/receive.ts';
import { nextSteps, type PullRequestState } from '../../../src/decide/promotion/next.ts';
import { type PhaseTransition, TRANSITIONS } from '../../../src/decide/promotion/phases.ts';
import { foldResult, type Result } from '../../../src/decide/promotion/result.ts';
import { transition } from '../../../src/decide/promotion/step.ts';
import type { TaskResult } from '../../../src/decide/promotion/task.ts';
import { foldTask } from '../../../src/decide/promotion/task-results.ts';
import { directly, transitionProblem } from '../../fakes/phases.ts';
import { at, event, NOW, observed, ready, running, spec, unready, withState } from '../../fakes/pipeline.ts';

const ROWS: readonly PhaseTransition[] = Object.values(TRANSITIONS);
const ROOT = new URL('../../../', import.meta.url).pathname;

describe('the table of phases', () => {
  test('leads to every phase, and from every phase that is not the end', () => {
    const reached = new Set(ROWS.map(({ to }) => to));
    expect([...reached].sort()).toEqual([...PROMOTION_PHASES].sort());
    const ends = PROMOTION_PHASES.filter((phase) => directly(phase).length === 0);
    expect(ends).toEqual(['Succeeded']);
  });

  test('holds its users to the phase before: these do not compile', () => {
    const rejected = { revision: '1.1.0', phase: 'Rejected' } as const;
    // @ts-expect-error a promotion that is Rejected is not approved
    transition(rejected, { by: 'approved' }, NOW);
    // @ts-expect-error of a promotion in any phase it is not known whether it may be merged
    transition(rejected as PromotionStatus, { by: 'merged' }, NOW);
    // @ts-expect-error of two causes each must be one that may follow
    transition(rejected, { by: NOW ? 'deployed' : 'merged' }, NOW);
    expect(transition(rejected, { by: 'deployed' }, NOW).phase).toBe('Succeeded');
  });

  test('is the one in docs/status.md', async () => {
    const page = await Bun.file(`${ROOT}docs/status.md`).text();
    const [, section = ''] = page.split('### What follows what\n');
    const [table] = section.match(/(?:^\|.*\n)+/m) ?? [];
    expect(table).toBe(shown());
  });

  // A promotion begins in model/state.ts: as Pending, or as the predecessor left it.
  test('is asked wherever a phase changes', async () => {
    const sets =
      /\bphase: '(?:Pending|WaitingApproval|Promoting|PullRequestOpen|Merged|Rejected|Superseded)'/;
    const found: string[] = [];
    for (const file of new Glob('src/{decide,observe,promote,reconcile,http}/**/*.ts').scanSync(ROOT)) {
      if (sets.test(await Bun.file(ROOT + file).text())) found.push(file);
    }
    expect(found).toEqual(['src/decide/model/state.ts']);
  });
});

/** The table of docs/status.md. */
function shown(): string {
  const groups = Map.groupBy(ROWS, ({ from, to }) => `| ${groupOf(from)} | \`${to}\` |`);
  const lines = Array.from(
    groups,
    ([head, rows]) => `${head} ${rows.map(({ when }) => when).join('; ')} |\n`,
  );
  const begin = '| – | `Pending` | the previous environment is ready at another revision, which may come |\n';
  return `| from | to | when |\n|---|---|---|\n${begin}${lines.join('')}`;
}

function groupOf(from: readonly PromotionPhase[]): string {
  const names = (phases: readonly PromotionPhase[]) => phases.map((phase) => `\`${phase}\``).join(', ');
  const others = from.filter((phase) => !isOneOf(phase, UNFINISHED));
  if (UNFINISHED.every((phase) => from.includes(phase))) {
    return others.length > 0 ? `any that is not over, ${names(others)}` : 'any that is not over';
  }
  const isBefore = from.length === BEFORE_MERGE.length && from.every((one) => isOneOf(one, BEFORE_MERGE));
  return isBefore ? 'any that is not over, but `Merged`' : names(from);
}

function isOneOf(phase: PromotionPhase, phases: readonly PromotionPhase[]): boolean {
  return phases.includes(phase);
}

const REVISION = '1.1.0';
const PULL: PullRequestRef = {
  url: 'https://git.example.com/acme/fleet/pulls/7',
  number: 7,
  commit: 'c0ffee',
  revision: REVISION,
  repository: { type: 'gitea', url: 'https://git.example.com/acme/fleet', secret: 'forge' },
  base: 'main',
};
const OWN = 'turnpike/apps/app/staging';

const PULLS: readonly (PullRequestRef | undefined)[] = [
  undefined,
  { ...PULL, branch: OWN },
  { ...PULL, branch: OWN, closing: 'It is not needed.' },
  { ...PULL, branch: OWN, revision: '1.0.5' },
  { ...PULL, branch: 'another' },
];

const FORGE: readonly (PullRequestState | undefined)[] = [
  undefined,
  ...(['open', 'merged', 'merged-elsewhere', 'reverted', 'closed', 'lapsed', 'missing'] as const),
];

const RESULTS: readonly Result[] = [
  { kind: 'pull-request', pullRequest: PULL },
  { kind: 'pull-request', pullRequest: PULL, failure: { message: 'It answered 502.', retry: 'backoff' } },
  { kind: 'pull-request', pullRequest: PULL, failure: { message: 'No right to it.', retry: 'never' } },
  { kind: 'already-there', message: 'main has it.' },
  { kind: 'pushed', message: 'It is pushed.' },
  { kind: 'reverted' },
  { kind: 'closed' },
  { kind: 'needless', message: 'main has nothing new.' },
  { kind: 'notified' },
  { kind: 'error', message: 'It answered 502.', retry: 'backoff' },
  { kind: 'error', message: 'There is no marker.', retry: 'never' },
];

const CLOSED: readonly TaskResult[] = [
  { kind: 'done' },
  ...(['closed', 'merged', 'merged-elsewhere'] as const).map((found) => ({ kind: 'done', found }) as const),
  { kind: 'error', message: 'It answered 403.', retry: 'never' },
];

function promoting(change: object): Partial<PipelineSpec> {
  return { promotion: { ...structuredClone(spec().promotion), ...change } as PipelineSpec['promotion'] };
}

const PUSH = { push: { url: 'https://f/fleet', branch: 'main', secretRef: { name: 'forge' } } };
const [DEV, STAGING, PROD] = spec().environments as [never, never, never];
const ONE_WINDOW = [{ from: '01:00', to: '02:00' }];

const SPECS: readonly Partial<PipelineSpec>[] = [
  {},
  { suspend: true },
  promoting({ manual: true }),
  promoting({ gates: { windows: ONE_WINDOW } }),
  promoting({ strategy: { notification: {} } }),
  promoting({ strategy: PUSH }),
  { promotion: undefined as never },
  { environments: [STAGING, DEV, PROD] },
  { appRef: { ...spec().appRef, name: 'other' } },
];

/** What dev and staging run while 1.1.0 is recorded for staging. */
const RUNS: readonly ((from: Pipeline) => Pipeline)[] = [
  (from) => from,
  (from) => observed(from, { dev: ready(REVISION), staging: ready(REVISION) }),
  (from) => observed(from, { dev: ready(REVISION), staging: ready('1.2.0') }),
  (from) => observed(from, { dev: unready(REVISION), staging: ready('1.0.0') }),
  (from) => observed(from, { dev: ready('1.0.0'), staging: ready('1.0.0') }),
  (from) => observed(from, { dev: ready('1.0.7'), staging: ready('1.0.7') }),
  (from) => went(from, 'staging', REVISION, '1.0.0'),
];

function went(from: Pipeline, environment: 'staging', ...revisions: readonly string[]): Pipeline {
  return revisions.reduce((before, revision, index) => {
    const seen = { dev: ready(REVISION), [environment]: { ...ready(revision), deployedAt: at(index + 1) } };
    return observed(before, seen, new Date(at(index + 1)));
  }, from);
}

const LATER = new Date(at(60));

/** What may happen to the promotion into staging. */
function* happenings(from: Pipeline): Generator<PipelineStatus> {
  for (const says of FORGE) yield looked(from, says);
  for (const result of RESULTS) {
    const attempt = { environment: 'staging', revision: REVISION, result };
    yield foldResult(
      from.status,
      attempt,
      { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 },
      LATER,
    );
  }
  const { pullRequest } = from.status.environments?.staging?.promotion ?? {};
  for (const result of pullRequest ? CLOSED : []) {
    const task = { kind: 'close', reason: pullRequest?.closing ?? '' } as const;
    const done = { environment: 'staging', pullRequest: pullRequest ?? PULL, task, result };
    const abandoned = [{ environment: 'staging', pullRequest: pullRequest ?? PULL }];
    yield foldTask(from.status, done, LATER);
    yield foldTask({ ...from.status, abandoned }, done, LATER);
  }
  yield approve(from, { environment: 'staging', revision: REVISION, by: 'ada' }, LATER) ?? from.status;
  for (const revision of ['1.0.0', REVISION, '1.2.0']) {
    const sent = event({ timestamp: LATER.toISOString() }, revision);
    yield receiveEvent(from, 'dev', sent, LATER).status ?? from.status;
  }
  yield observed(from, {}, LATER).status;
}

function looked(from: Pipeline, says: PullRequestState | undefined): PipelineStatus {
  const pullRequests = says ? { staging: says } : {};
  const step = nextSteps({ pipeline: from, pullRequests, requested: false, now: LATER }).staging;
  if (!step || step.kind === 'rest') return from.status;
  const state = withPromotion(from.status.environments?.staging ?? {}, step.promotion);
  return withEnvironment(from.status, 'staging', state);
}

/** Each phase of 1.1.0 on its way into staging, with and without a pull request, under each spec. */
function* situations(): Generator<{ record: PromotionStatus; from: Pipeline }> {
  const known = running({ dev: REVISION, staging: '1.0.0', prod: '1.0.0' });
  for (const change of SPECS) {
    for (const phase of PROMOTION_PHASES) {
      for (const pullRequest of PULLS) {
        const promotion = { revision: REVISION, phase, startedAt: at(-60), updatedAt: at(-30) };
        const record = { ...promotion, ...(pullRequest && { pullRequest }) };
        const begun = { ...withState(known, 'staging', { promotion: record }), spec: spec(change) };
        for (const run of RUNS) yield { record, from: run(begun) };
      }
    }
  }
}

test('whatever happens, no promotion takes another way, and each way of the table is taken', () => {
  const problems = new Set<string>();
  const taken = new Set<string>();
  const note = (before: PromotionStatus | undefined, after: PromotionStatus | undefined) => {
    const problem = transitionProblem(before, after);
    if (problem !== undefined) problems.add(problem);
    if (before?.startedAt === after?.startedAt) taken.add(`${before?.phase} → ${after?.phase}`);
  };
  for (const { record, from } of situations()) {
    const seen = from.status.environments?.staging?.promotion;
    note(record, seen);
    for (const { environments } of happenings(from)) note(seen, environments?.staging?.promotion);
  }
  expect([...problems]).toEqual([]);
  const direct = PROMOTION_PHASES.flatMap((from) => directly(from).map((to) => `${from} → ${to}`));
  expect([...new Set(direct)].filter((way) => !taken.has(way))).toEqual([]);
}, 60_000);

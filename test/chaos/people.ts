import { setTimeout as sleep } from 'node:timers/promises';
import { RECONCILE_REQUESTED_AT } from '../../src/api/group.ts';
import type { PipelineStatus, PromotionStatus } from '../../src/api/pipeline.ts';
import { type Approvals, createApprovals } from './approvals.ts';
import { type App, ENVIRONMENTS, type EnvironmentName, pipelinesPath } from './fleet.ts';
import { patchPipeline } from './patch.ts';
import type { PeopleOptions } from './people-options.ts';
import { createReviewer, type Opened } from './review.ts';

/**
 * The people: they approve, merge pull requests or do something else with them, and ask for another try when something
 * needs a person.
 */
export interface People {
  status(app: App): PipelineStatus;
  /** The pull request that brings this version, once it is open as far as the status says. */
  openPull(app: App, environment: EnvironmentName, version: string): Opened | undefined;
  /** Requests a reconciliation like `kubectl annotate` and `flux reconcile`. */
  request(app: App): Promise<void>;
  /** The reason why the forge did not merge its pull request the last time. */
  refusal(app: App): string | undefined;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 150;
const REVIEWERS = 4;
const REQUEST_EVERY_MS = 1000;
const COME_AGAIN_MS = 500;

interface Item {
  readonly metadata: { readonly name: string };
  readonly status?: PipelineStatus;
}

export function startPeople(options: PeopleOptions): People {
  const { world, apps, decide } = options;
  const { lab } = world;
  const statuses = new Map<string, PipelineStatus>();
  const reviewed = new Set<string>();
  const waiting: (() => Promise<void>)[] = [];
  const requested = new Map<string, number>();
  const approvals: Approvals = createApprovals(options);
  let stopping = false;

  const later = (work: () => Promise<void>, ms: number) => void setTimeout(() => waiting.push(work), ms);
  const reviewer = createReviewer({ ...options, request, requestSometimes, openPull, hasOthers, later });

  async function look(): Promise<void> {
    const answer = await lab.request('GET', pipelinesPath(apps[0]?.namespace ?? ''));
    const { items } = (await answer.json()) as { items: Item[] };
    for (const { metadata, status = {} } of items) {
      statuses.set(metadata.name, status);
      const app = apps.find(({ name }) => name === metadata.name);
      if (app) considerAll(app, status);
    }
  }

  function considerAll(app: App, { abandoned = [], environments = {} }: PipelineStatus): void {
    // A pull request that a forge refused to close is named, until a person asks once more.
    if (abandoned.some(({ final }) => final)) requestSometimes(app);
    for (const environment of ENVIRONMENTS) {
      const promotion = environments[environment]?.promotion;
      if (promotion) consider(app, environment, promotion);
    }
  }

  function consider(app: App, environment: EnvironmentName, promotion: PromotionStatus): void {
    const { phase, revision } = promotion;
    if (phase === 'Failed') requestSometimes(app);
    if (phase === 'WaitingApproval') approvals.consider(app, environment, revision);
    const opened = openedBy(promotion);
    if (!opened) return;
    const what = `${app.name} ${environment} ${opened.repository} ${opened.number} ${revision}`;
    if (reviewed.has(what)) return;
    reviewed.add(what);
    const { review, ms, request: requests } = decide(app, environment, revision);
    if (requests) requestSometimes(app);
    later(() => reviewer.review(review, { app, environment, version: revision, opened }), ms);
  }

  function openPull(app: App, environment: EnvironmentName, version: string): Opened | undefined {
    const promotion = statuses.get(app.name)?.environments?.[environment]?.promotion;
    return promotion?.revision === version ? openedBy(promotion) : undefined;
  }

  function hasOthers(app: App, environment: EnvironmentName): boolean {
    const promotion = statuses.get(app.name)?.environments?.[environment]?.promotion;
    return promotion?.pullRequest?.others === true;
  }

  function requestSometimes(app: App): void {
    const now = performance.now();
    if (now - (requested.get(app.name) ?? 0) < REQUEST_EVERY_MS) return;
    requested.set(app.name, now);
    request(app).catch(() => undefined);
  }

  function request(app: App): Promise<void> {
    return patchPipeline(lab, app, {
      metadata: { annotations: { [RECONCILE_REQUESTED_AT]: `${Date.now()}` } },
    });
  }

  async function run(): Promise<void> {
    while (!stopping) {
      await look().catch(() => undefined);
      await sleep(LOOK_EVERY_MS);
    }
  }

  async function work(): Promise<void> {
    while (!stopping) {
      const next = waiting.shift();
      if (!next) await sleep(20);
      // People come again when the forge does not answer.
      else await next().catch(() => later(next, COME_AGAIN_MS));
    }
  }

  const running = [run(), ...Array.from({ length: REVIEWERS }, work)];
  return {
    status: (app) => statuses.get(app.name) ?? {},
    openPull,
    request,
    refusal: reviewer.refusal,
    async stop() {
      stopping = true;
      await Promise.all(running);
    },
  };
}

/** `http://127.0.0.1:3000/owner/name/pulls/7` */
function openedBy({ phase, pullRequest }: PromotionStatus): Opened | undefined {
  if (phase !== 'PullRequestOpen' || !pullRequest) return undefined;
  const repository = new URL(pullRequest.url).pathname.split('/')[2] ?? '';
  return { repository, number: pullRequest.number };
}

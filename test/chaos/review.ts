import { setTimeout as sleep } from 'node:timers/promises';
import { RECONCILE_REQUESTED_AT } from '../../src/api/group.ts';
import type { PipelineStatus, PromotionStatus } from '../../src/api/pipeline.ts';
import type { Lab } from '../lab/lab.ts';
import { type App, ENVIRONMENTS, type EnvironmentName, fileOf, pipelinesPath } from './fleet.ts';
import { type Flux, persistently } from './flux.ts';

/** What a person does with a pull request. */
export type Review = 'merge' | 'close' | 'reopen' | 'delete-branch';

/** The people: they merge pull requests, or not, and ask for another try when something needs a person. */
export interface People {
  status(app: App): PipelineStatus;
  /** As `kubectl annotate` and `flux reconcile` do. */
  poke(app: App): Promise<void>;
  /** Why the forge did not merge its pull request the last time. */
  refusal(app: App): string | undefined;
  /** How often each review was done to its end. */
  reviews(): ReadonlyMap<Review, number>;
  stop(): Promise<void>;
}

export interface Decision {
  readonly review: Review;
  /** After so many milliseconds. */
  readonly ms: number;
  /** Ask for a reconciliation before. */
  readonly poke: boolean;
}

export interface PeopleOptions {
  readonly lab: Lab;
  readonly apps: readonly App[];
  readonly flux: Flux;
  /** What is done with the pull request that brings this version, and after how many milliseconds. */
  readonly decide: (app: App, environment: EnvironmentName, version: string) => Decision;
}

const LOOK_EVERY_MS = 150;
const REVIEWERS = 3;
const POKE_EVERY_MS = 1000;
const COME_AGAIN_MS = 500;
const MERGE_AGAIN_MS = 1000;

interface Item {
  readonly metadata: { readonly name: string };
  readonly status?: PipelineStatus;
}

/** It was done before, and only the answer was lost. */
function unlessGone(error: unknown): void {
  if (!String(error).includes('404')) throw error;
}

export function startPeople({ lab, apps, flux, decide }: PeopleOptions): People {
  const statuses = new Map<string, PipelineStatus>();
  const reviewed = new Set<string>();
  const waiting: (() => Promise<void>)[] = [];
  const counts = new Map<Review, number>();
  const requested = new Map<string, number>();
  /** By application, why its pull request could not be merged. */
  const refusals = new Map<string, string>();
  let stopping = false;

  async function look(): Promise<void> {
    const answer = await lab.request('GET', pipelinesPath(apps[0]?.namespace ?? ''));
    const { items } = (await answer.json()) as { items: Item[] };
    for (const { metadata, status = {} } of items) {
      statuses.set(metadata.name, status);
      const app = apps.find(({ name }) => name === metadata.name);
      if (!app) continue;
      for (const environment of ENVIRONMENTS) {
        const promotion = status.environments?.[environment]?.promotion;
        if (promotion) consider(app, environment, promotion);
      }
    }
  }

  function consider(app: App, environment: EnvironmentName, promotion: PromotionStatus): void {
    if (promotion.phase === 'Failed') pokeSometimes(app);
    const { pullRequest, revision } = promotion;
    if (promotion.phase !== 'PullRequestOpen' || !pullRequest) return;
    const what = `${app.name} ${environment} ${pullRequest.number} ${revision}`;
    if (reviewed.has(what)) return;
    reviewed.add(what);
    const { review, ms, poke: pokes } = decide(app, environment, revision);
    if (pokes) pokeSometimes(app);
    setTimeout(() => waiting.push(() => doReview(app, environment, pullRequest.number, review)), ms);
  }

  function pokeSometimes(app: App): void {
    const now = performance.now();
    if (now - (requested.get(app.name) ?? 0) < POKE_EVERY_MS) return;
    requested.set(app.name, now);
    poke(app).catch(() => undefined);
  }

  async function poke(app: App): Promise<void> {
    await persistently(async () => {
      const answer = await fetch(`${lab.server}${pipelinesPath(app.namespace)}/${app.name}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify({ metadata: { annotations: { [RECONCILE_REQUESTED_AT]: `${Date.now()}` } } }),
        tls: { ca: lab.ca, cert: lab.admin.cert, key: lab.admin.key },
      });
      if (!answer.ok) throw new Error(await answer.text());
    });
  }

  async function doReview(app: App, environment: EnvironmentName, number: number, review: Review) {
    const repository = `/repos/${lab.gitea.user}/${app.repository}`;
    const pull = `${repository}/pulls/${number}`;
    const branch = `promotion-${app.namespace}-${app.name}-${environment}`;
    switch (review) {
      case 'close':
        await lab.gitea.api('PATCH', pull, { state: 'closed' });
        await poke(app);
        break;
      case 'delete-branch':
        await lab.gitea.api('DELETE', `${repository}/branches/${branch}`).catch(unlessGone);
        await poke(app);
        break;
      case 'reopen':
        await lab.gitea.api('PATCH', pull, { state: 'closed' });
        await poke(app);
        await sleep(Math.random() < 0.5 ? 0 : 1000);
        await lab.gitea.api('PATCH', pull, { state: 'open' });
        await merge(app, environment, number);
        break;
      case 'merge':
        await merge(app, environment, number);
        break;
    }
    counts.set(review, (counts.get(review) ?? 0) + 1);
  }

  async function merge(app: App, environment: EnvironmentName, number: number): Promise<void> {
    const path = `/repos/${lab.gitea.user}/${app.repository}/pulls/${number}/merge`;
    const refused = await lab.gitea.api('POST', path, { Do: 'merge' }).then(() => undefined, String);
    // It may be merged already, when one more revision was pushed to it a moment before; or closed.
    if (refused === undefined || /already merged|answered 404/.test(refused)) refusals.delete(app.name);
    else {
      refusals.set(app.name, refused);
      // Nobody looks at it meanwhile: while Gitea checks it for conflicts, a look makes it check once more.
      setTimeout(() => waiting.push(() => merge(app, environment, number)), MERGE_AGAIN_MS);
    }
    const text = await lab.gitea.file(app.repository, 'main', fileOf(app, environment));
    const version = /version: (\S+)/.exec(text ?? '')?.[1];
    if (version !== undefined) await flux.deploy(app, environment, version);
  }

  async function run(): Promise<void> {
    while (!stopping) {
      await look().catch(() => undefined);
      await sleep(LOOK_EVERY_MS);
    }
  }

  async function reviewer(): Promise<void> {
    while (!stopping) {
      const next = waiting.shift();
      if (!next) await sleep(20);
      // People come again when the forge does not answer.
      else await next().catch(() => setTimeout(() => waiting.push(next), COME_AGAIN_MS));
    }
  }

  const running = [run(), ...Array.from({ length: REVIEWERS }, reviewer)];
  return {
    status: (app) => statuses.get(app.name) ?? {},
    poke,
    refusal: (app) => refusals.get(app.name),
    reviews: () => counts,
    async stop() {
      stopping = true;
      await Promise.all(running);
    },
  };
}

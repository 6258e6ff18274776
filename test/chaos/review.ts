import { setTimeout as sleep } from 'node:timers/promises';
import {
  type App,
  branchOf,
  ENVIRONMENTS,
  type EnvironmentName,
  fileOf,
  neighbourOf,
  repositoryUrl,
} from './fleet.ts';
import { patchPipeline } from './patch.ts';
import type { PeopleOptions } from './people-options.ts';
import { commitFile, createForeignPull, otherRepository, readPull, versionAt } from './repositories.ts';
import { resolveConflict } from './resolve.ts';
import type { Review } from './round.ts';

/** The place of a pull request. */
export interface Opened {
  readonly repository: string;
  readonly number: number;
}

/** A pull request that brings a version of an application into an environment. */
export interface Subject {
  readonly app: App;
  readonly environment: EnvironmentName;
  readonly version: string;
  readonly opened: Opened;
}

/** People's acts on a pull request; a review that throws is to be done again later. */
export interface Reviewer {
  review(review: Review, subject: Subject): Promise<void>;
  /** The reason why the forge did not merge the application's pull request the last time. */
  refusal(app: App): string | undefined;
}

export interface ReviewerOptions extends PeopleOptions {
  readonly request: (app: App) => Promise<void>;
  readonly requestSometimes: (app: App) => void;
  readonly openPull: (app: App, environment: EnvironmentName, version: string) => Opened | undefined;
  /** True when the status says that commits of others are on the branch. */
  readonly hasOthers: (app: App, environment: EnvironmentName) => boolean;
  readonly later: (work: () => Promise<void>, ms: number) => void;
}

const MERGE_AGAIN_MS = 1000;
/** The longest pause of a person whose merge is refused with "try again later". */
const MERGE_LATER_MS = 15_000;
/** The most of them that are opened so that the next one has the number that ours has elsewhere. */
const MAX_FOREIGN = 2;

/** An act that was done before, whose answer alone was lost, fails with 404. */
function unlessGone(error: unknown): void {
  if (!String(error).includes('404')) throw error;
}

export function createReviewer(options: ReviewerOptions): Reviewer {
  const { world, apps, flux, ledger, impatient, request, requestSometimes, openPull, hasOthers, later } =
    options;
  const { lab } = world;
  const refusals = new Map<string, string>();
  const moved = new Set<string>();
  const api = (method: string, { repository }: Opened, path: string, body?: object) =>
    lab.gitea.api(method, `/repos/${lab.gitea.user}/${repository}${path}`, body);
  const setState = (opened: Opened, state: 'open' | 'closed') =>
    api('PATCH', opened, `/pulls/${opened.number}`, { state });

  /** Each act returns the review that was done in the end. */
  const acts: Readonly<Record<Review, (subject: Subject) => Promise<Review>>> = {
    leave: async () => 'leave',
    merge,
    async close({ app, opened }) {
      await setState(opened, 'closed');
      await request(app);
      return 'close';
    },
    async 'delete-branch'({ app, environment, opened }) {
      await api('DELETE', opened, `/branches/${branchOf(app, environment)}`).catch(unlessGone);
      await request(app);
      return 'delete-branch';
    },
    async reopen(subject) {
      const { app, opened } = subject;
      await setState(opened, 'closed');
      await request(app);
      await sleep(Math.random() < 0.5 ? 0 : 1000);
      await setState(opened, 'open');
      await merge(subject);
      return 'reopen';
    },
    async commit(subject) {
      const { app, environment, opened } = subject;
      if (!(await isOpen(opened))) return merge(subject);
      const branch = branchOf(app, environment);
      const commit = await commitFile(lab.gitea, { repository: opened.repository, branch });
      // The pull request may have been merged a moment before.
      if (await isOpen(opened)) ledger.committed({ app, branch, commit, ...opened });
      if (Math.random() < 0.5) await request(app);
      later(async () => void (await merge(subject)), Math.random() < 0.5 ? 0 : MERGE_AGAIN_MS);
      return 'commit';
    },
    async 'by hand'({ app, environment, version }) {
      await flux.deploy(app, environment, version);
      return 'by hand';
    },
    conflict,
    move,
  };

  async function isOpen({ repository, number }: Opened): Promise<boolean> {
    return (await readPull(lab, repository, number)).state === 'open';
  }

  /** The first one of two neighbours is merged when both are open, so that the other one has a conflict. */
  async function conflict(subject: Subject): Promise<Review> {
    const { app, environment, version } = subject;
    const neighbour = neighbourOf(app, apps);
    const isFirst = neighbour !== undefined && app.name < neighbour.name;
    const isDue = isFirst
      ? openPull(neighbour, environment, version) !== undefined
      : !neighbour || flux.running(neighbour, environment) === version;
    if (!isDue) throw new Error(`${app.name} waits for its neighbour`);
    await merge(subject);
    return isFirst ? 'conflict' : 'merge';
  }

  /** The files go along. The old pull request is left behind, and the new repository has others of that number. */
  async function move(subject: Subject): Promise<Review> {
    const { app, environment, version, opened } = subject;
    const what = `${app.name} ${environment} ${version}`;
    if (moved.has(what)) return merge(subject);
    const to = otherRepository(opened.repository);
    for (let made = 0; made < MAX_FOREIGN; made += 1) {
      if ((await createForeignPull(lab, to)) >= opened.number) break;
    }
    const files = await Promise.all(
      ENVIRONMENTS.map(async (name) => {
        const file = fileOf(app, name);
        return [file, (await lab.gitea.file(opened.repository, 'main', file)) ?? null] as const;
      }),
    );
    await lab.gitea.commit(to, 'main', Object.fromEntries(files), `Move ${app.name} here`);
    const strategy = { 'pull-request': { url: repositoryUrl(world, to) } };
    await patchPipeline(lab, app, { spec: { promotion: { strategy } } });
    moved.add(what);
    return 'move';
  }

  async function merge(subject: Subject, again = MERGE_AGAIN_MS): Promise<Review> {
    const { app, environment, opened } = subject;
    const path = `/pulls/${opened.number}/merge`;
    const refused = await api('POST', opened, path, { Do: 'merge' }).then(() => undefined, String);
    // The pull request may be merged already, when one more revision was pushed to it a moment before; or closed.
    if (refused === undefined || /already merged|answered 404/.test(refused)) refusals.delete(app.name);
    else await mergeLater(subject, refused, again);
    const place = { repository: opened.repository, ref: 'main' };
    const version = await versionAt(lab, { app, environment }, place);
    const runs = flux.running(app, environment);
    // A version that got there by hand is not taken back by the one in Git yet.
    const isNews = version !== undefined && (refused === undefined || Bun.semver.order(version, runs) > 0);
    if (isNews) await flux.deploy(app, environment, version);
    return 'merge';
  }

  async function mergeLater(subject: Subject, refused: string, again: number): Promise<void> {
    const { app, environment, opened } = subject;
    refusals.set(app.name, refused);
    if (impatient && app.shape === 'neighbours') requestSometimes(app);
    // People look again late: while Gitea checks it for conflicts, a look makes it check once more. Under
    // load a check takes so long that it would never end.
    const isUnchecked = /try again later/.test(refused);
    const next = isUnchecked ? Math.min(again * 2, MERGE_LATER_MS) : MERGE_AGAIN_MS;
    // Gitea gives the same answer for a conflict, on a branch that Turnpike leaves to people.
    const isTheirs = isUnchecked && again === MERGE_LATER_MS && hasOthers(app, environment);
    if (isTheirs) await resolveConflict(lab, { ...opened, branch: branchOf(app, environment) });
    later(async () => void (await merge(subject, next)), again);
  }

  return {
    async review(what, subject) {
      ledger.finish(await acts[what](subject));
    },
    refusal: (app) => refusals.get(app.name),
  };
}

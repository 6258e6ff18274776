import type { Lab } from '../lab/lab.ts';
import { type App, branchOf, ENVIRONMENTS, type EnvironmentName, FIRST_VERSION, fileOf } from './fleet.ts';

/** The state of Gitea, seen from outside. Repositories are named without their owner. */

export interface Pull {
  readonly number: number;
  readonly title: string;
  readonly state: string;
  readonly comments: number;
  readonly merged_at: string | null;
  readonly merge_commit_sha: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly head: { readonly ref: string; readonly sha: string };
}

/** Gitea gives no more at once. */
const PAGE_SIZE = 50;

export const FOREIGN_TITLE = 'Say something else';
const FOREIGN_BRANCH = 'somebody';
/** A base branch other than main: with each commit to main, Gitea checks all that is open for it. */
const FOREIGN_BASE = 'release';

/** Each application's repository, and another one with the same files that it may be moved to. */
export async function createRepositories(lab: Lab, apps: readonly App[]): Promise<void> {
  const create = async (name: string) => {
    const own = apps.filter((app) => [app.repository, otherRepository(app.repository)].includes(name));
    const files = new Map<string, string>();
    for (const app of own) {
      for (const environment of ENVIRONMENTS) {
        const file = fileOf(app, environment);
        files.set(file, (files.get(file) ?? 'versions:\n') + lineOf(app, environment));
      }
    }
    await lab.gitea.createRepository(name, Object.fromEntries(files));
    await commitFile(lab.gitea, { repository: name, branch: FOREIGN_BASE, from: 'main' });
    await createForeignPull(lab, name);
  };
  await Promise.all(repositoriesOf(apps).map(create));
}

/** All repositories of the applications. */
export function repositoriesOf(apps: readonly App[]): string[] {
  const names = new Set(apps.flatMap(({ repository }) => repository || []));
  return [...names].flatMap((name) => [name, otherRepository(name)]);
}

const MOVED = '-moved';

/** The one to which it is moved, and from there back. */
export function otherRepository(name: string): string {
  return name.endsWith(MOVED) ? name.slice(0, -MOVED.length) : name + MOVED;
}

function lineOf(app: App, environment: EnvironmentName): string {
  return `  ${app.name}: ${FIRST_VERSION} # ${markerOf(app, environment)}\n`;
}

function markerOf(app: App, environment: EnvironmentName): string {
  return `{"$promotion": "${app.namespace}:${app.name}:${environment}"}`;
}

/** The version in the application's line of the file. */
export function versionIn(text: string | undefined, app: App): string | undefined {
  return new RegExp(`^ {2}${app.name}: (\\S+)`, 'm').exec(text ?? '')?.[1];
}

export async function versionAt(
  { gitea }: Lab,
  { app, environment }: { readonly app: App; readonly environment: EnvironmentName },
  { repository, ref }: { readonly repository: string; readonly ref: string },
): Promise<string | undefined> {
  return versionIn(await gitea.file(repository, ref, fileOf(app, environment)), app);
}

/** A pull request of a person who knows nothing of Turnpike; it is never merged. */
export async function createForeignPull({ gitea }: Lab, repository: string): Promise<number> {
  const branch = `${FOREIGN_BRANCH}-${crypto.randomUUID().slice(0, 8)}`;
  await commitFile(gitea, { repository, branch, from: FOREIGN_BASE });
  const body = {
    head: branch,
    base: FOREIGN_BASE,
    title: FOREIGN_TITLE,
    body: 'Nobody else is to touch this.',
  };
  const made = (await gitea.api('POST', `/repos/${gitea.user}/${repository}/pulls`, body)) as Pull;
  return made.number;
}

export function isForeign({ head }: Pull): boolean {
  return head.ref.startsWith(`${FOREIGN_BRANCH}-`);
}

/** A commit with one file of its own, by a person; `from`: the branch is made for it. Returns the commit. */
export async function commitFile(
  gitea: Lab['gitea'],
  { repository, branch, from }: { repository: string; branch: string; from?: string },
): Promise<string> {
  const path = `/repos/${gitea.user}/${repository}/contents/others/${crypto.randomUUID()}.txt`;
  const content = Buffer.from('A person wrote this.\n').toString('base64');
  const where = from === undefined ? { branch } : { branch: from, new_branch: branch };
  const made = await gitea.api('POST', path, { ...where, content, message: 'Write something else' });
  return (made as { commit: { sha: string } }).commit.sha;
}

/** True when the commit is part of the branch's history. */
export async function isAncestor(
  { gitea }: Lab,
  { repository, commit, branch }: { repository: string; commit: string; branch: string },
): Promise<boolean> {
  const compared = await gitea.api('GET', `/repos/${gitea.user}/${repository}/compare/${branch}...${commit}`);
  return (compared as { total_commits: number }).total_commits === 0;
}

export async function readPull({ gitea }: Lab, repository: string, number: number): Promise<Pull> {
  return (await gitea.api('GET', `/repos/${gitea.user}/${repository}/pulls/${number}`)) as Pull;
}

export async function allPulls({ gitea }: Lab, repository: string, state = 'all'): Promise<Pull[]> {
  const pulls: Pull[] = [];
  for (let page = 1; ; page += 1) {
    const path = `/repos/${gitea.user}/${repository}/pulls?state=${state}&limit=${PAGE_SIZE}&page=${page}`;
    const next = (await gitea.api('GET', path)) as Pull[];
    pulls.push(...next);
    if (next.length < PAGE_SIZE) return pulls;
  }
}

/** The open pull requests of the application in either repository, a sentence each. */
export async function openPulls(lab: Lab, app: App): Promise<string[]> {
  const branches = ENVIRONMENTS.map((environment) => branchOf(app, environment));
  const found: string[] = [];
  for (const repository of repositoriesOf([app])) {
    for (const pull of await allPulls(lab, repository, 'open')) {
      if (branches.includes(pull.head.ref)) found.push(`${repository}: ${describePull(pull)}`);
    }
  }
  return found;
}

/** The titles that the pull request has had. */
export async function titlesOf({ gitea }: Lab, repository: string, number: number): Promise<string[]> {
  const path = `/repos/${gitea.user}/${repository}/issues/${number}/timeline?limit=100`;
  const entries = (await gitea.api('GET', path)) as { old_title?: string; new_title?: string }[] | null;
  return (entries ?? []).flatMap((one) => [one.old_title || [], one.new_title || []].flat());
}

export function describePull({ number, title, state, created_at, updated_at, merged_at }: Pull): string {
  return `#${number} (${title}, ${state}, created ${created_at}, updated ${updated_at}, merged ${merged_at})`;
}

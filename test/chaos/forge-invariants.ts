import type { Lab } from '../lab/lab.ts';
import { type App, ENVIRONMENTS, type EnvironmentName } from './fleet.ts';
import type { Forbidden, Ledger, PersonsCommit } from './ledger.ts';
import {
  allPulls,
  describePull,
  FOREIGN_TITLE,
  isAncestor,
  isForeign,
  type Pull,
  readPull,
  repositoriesOf,
  versionAt,
} from './repositories.ts';

/** The findings in Gitea at the end. */
export interface ForgeFindings {
  /** Pull requests, open or closed, that bring the same revision into the same environment as another one. */
  readonly doubled: readonly string[];
  /** Pull requests wrongly opened or merged, foreign ones that were touched, commits that are gone. */
  readonly wrong: readonly string[];
}

export async function findingsOf(lab: Lab, apps: readonly App[], ledger: Ledger): Promise<ForgeFindings> {
  const doubled: string[] = [];
  const wrong: string[] = [];
  for (const repository of repositoriesOf(apps)) {
    const seen = new Map<string, Pull>();
    for (const pull of await allPulls(lab, repository)) {
      if (isForeign(pull)) {
        wrong.push(...touched(repository, pull));
        continue;
      }
      const brought = await broughtBy(lab, repository, pull, apps);
      wrong.push(...forbiddenBy(ledger.forbidden, brought, `${repository}: ${describePull(pull)}`));
      const other = seen.get(brought.what);
      if (other) {
        doubled.push(`${repository}: ${brought.what} by ${describePull(other)} and ${describePull(pull)}`);
      }
      seen.set(brought.what, pull);
    }
  }
  for (const one of ledger.commits) wrong.push(...(await lostCommit(lab, one)));
  return { doubled, wrong };
}

interface Brought {
  readonly what: string;
  readonly pull: Pull;
  readonly app?: App;
  readonly environment?: EnvironmentName;
  readonly version?: string | undefined;
}

/** Reads the title, unless it was merged: people may merge while a newer revision is on its way into it. */
async function broughtBy(lab: Lab, repository: string, pull: Pull, apps: readonly App[]): Promise<Brought> {
  const [, name, titledEnvironment, titled] = /^Promote \S+\/(\S+) in (\S+) to (\S+)$/.exec(pull.title) ?? [];
  const app = apps.find((one) => one.name === name);
  const environment = ENVIRONMENTS.find((one) => one === titledEnvironment);
  if (!app || !environment) return { what: pull.title, pull };
  const ref = pull.merged_at === null ? null : pull.merge_commit_sha;
  const version = ref === null ? titled : await versionAt(lab, { app, environment }, { repository, ref });
  return { what: `${name} ${environment} ${version}`, pull, app, environment, version };
}

function forbiddenBy(forbidden: readonly Forbidden[], brought: Brought, pull: string): string[] {
  const { app, environment, version } = brought;
  const own = forbidden.filter(
    (one) => one.app === app && one.environment === environment && one.version === version,
  );
  const { merged_at, created_at } = brought.pull;
  return own.flatMap(({ since, merged }) => {
    // Gitea writes its times to the second.
    const isLate = since !== undefined && Date.parse(created_at) > since.getTime() + 1000;
    if (merged && merged_at !== null) return `${pull} was merged, and ${version} had been taken back`;
    return isLate ? `${pull} was opened after ${version} had been taken back (${since.toISOString()})` : [];
  });
}

/** Foreign pull requests must stay as their author left them. */
function touched(repository: string, pull: Pull): string[] {
  const isSame = pull.state === 'open' && pull.title === FOREIGN_TITLE && pull.comments === 0;
  return isSame ? [] : [`${repository}: ${describePull(pull)} is somebody else's and was touched`];
}

/** A person's commit stays on the branch, and is part of what was merged. */
async function lostCommit(lab: Lab, one: PersonsCommit): Promise<string[]> {
  const { repository, branch, commit, number } = one;
  if (await isAncestor(lab, { repository, commit, branch: 'main' })) return [];
  const isMerged = (await readPull(lab, repository, number)).merged_at !== null;
  if (!isMerged && (await isAncestor(lab, { repository, commit, branch }))) return [];
  const where = isMerged ? `what was merged by #${number}` : `the branch ${branch}`;
  return [`${repository}: the commit ${commit} of a person is not part of ${where}`];
}

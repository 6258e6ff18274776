import { afterEach, beforeEach } from 'bun:test';
import type { BranchResult, BranchUpdate } from '../../../src/promote/branch/port.ts';
import { type Person, personWith } from './person.ts';
import { type GitStage, gitStage } from './stage.ts';
import { BRANCH, branchUpdate, marked, testBranches } from './support.ts';

const OWNER = 'apps/podinfo/prod';

/** The file with the marker. */
export const FILE = 'apps/podinfo/prod.yaml';

const FILES = {
  'README.md': 'A repository.\n',
  [FILE]: `spec:\n  ${marked('1.0.0')}`,
  'values.yaml': 'a: 1\n',
};

type Promote = (revision: string, changed?: Partial<BranchUpdate>) => Promise<BranchResult>;

/** A stage where a person works on the promotion branch too. */
export interface PeopleStage {
  readonly stage: GitStage;
  readonly grace: Person;
  readonly promote: Promote;
  /** Promotes like a process without a copy of the repository and without memory. */
  readonly promoteAnew: Promote;
  /** The commit of a promotion that pushes. */
  readonly promoted: (revision: string) => Promise<string>;
  /** A fix on the branch, as a commit of its own. */
  readonly fixOnBranch: () => Promise<string>;
  readonly readVersion: () => Promise<string | undefined>;
  readonly pushes: () => number;
  readonly fetches: () => number;
}

export function peopleStage(): PeopleStage {
  const stage = gitStage(FILES);
  const people: { grace?: Person } = {};
  beforeEach(async () => {
    people.grace = await personWith(stage.repository);
  });
  afterEach(() => people.grace?.leave());

  const updateTo = (revision: string, changed: Partial<BranchUpdate> = {}): BranchUpdate => {
    const message = `Promote ${OWNER} to ${revision}\n\nTurnpike-Pipeline: ${OWNER}\n`;
    return branchUpdate(stage.url, { revision, message, ...changed });
  };
  const promote: Promote = (revision, changed) => stage.branches.updateBranch(updateTo(revision, changed));
  const asked = (service: string) =>
    stage.server.requests.filter(({ line }) => line.startsWith('POST') && line.endsWith(`/git-${service}`));
  const grace = (): Person => {
    if (!people.grace) throw new Error('nobody is there before a test runs');
    return people.grace;
  };
  return {
    stage,
    get grace() {
      return grace();
    },
    promote,
    async promoteAnew(revision, changed) {
      const restarted = await testBranches();
      return restarted.updateBranch(updateTo(revision, changed)).finally(() => restarted.close());
    },
    async promoted(revision) {
      const result = await promote(revision);
      if (result.kind !== 'pushed') throw new Error(`the branch is ${result.kind}`);
      return result.commit;
    },
    async fixOnBranch() {
      await grace().take(BRANCH);
      await grace().write('values.yaml', 'a: 2\n');
      await grace().commit('Fix for the new version');
      return grace().push(BRANCH);
    },
    readVersion: async () => /version: (\S+)/.exec(await stage.repository.read(BRANCH, FILE))?.[1],
    pushes: () => asked('receive-pack').length,
    fetches: () => asked('upload-pack').length,
  };
}

/** The two ways to come to an existing branch. */
export const PROCESSES = [
  ['the process that pushed it', 'promote'],
  ['a process that was started since', 'promoteAnew'],
] as const;

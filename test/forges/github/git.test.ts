import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PullRequestRef, PullRequestStrategy } from '../../../src/api/pipeline.ts';
import { credentialsFrom, type SecretCredentials } from '../../../src/lib/forges/index.ts';
import { createForge } from '../../../src/lib/forges/registry.ts';
import type { Outbound } from '../../../src/lib/net/outbound.ts';
import { createBranchUpdater } from '../../../src/promote/branch/branch-updater.ts';
import type { BranchUpdater } from '../../../src/promote/branch/port.ts';
import type { PullRequestPromoter } from '../../../src/promote/pull-request/port.ts';
import { createPullRequestPromoter } from '../../../src/promote/pull-request/pull-request.ts';
import { failureOf } from '../../fakes/failure.ts';
import { forgeDeps, noWaits } from '../../fakes/forge-deps.ts';
import { fakeApp } from '../../fakes/github/app.ts';
import { gitBranches } from '../../fakes/github/branches.ts';
import { type FakeGit, fakeGit } from '../../fakes/github/git.ts';
import { FAKE_TOKEN, type FakeGitHub, startFakeGitHub } from '../../fakes/github.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { loopbackOutbound, routedOutbound } from '../../fakes/outbound.ts';
import { carriedOut, promotionRequest, stateRequest } from '../../fakes/promotion.ts';
import { mergeOptions } from '../pulls.ts';

const BRANCH = 'promotion-team-app-staging';
const FILE = 'apps/staging/app.yaml';
const APP = fakeApp();

let directory: string;
let git: FakeGit;
let github: FakeGitHub;
let branches: BranchUpdater;
let promoter: PullRequestPromoter;
let strategy: PullRequestStrategy;
let operations: string[];

function marked(version: string): string {
  return `version: ${version} # {"$promotion": "team:app:staging"}\n`;
}

/** A GitHub with a repository, and a Turnpike that knows it by this address. */
async function start(place: (typeof PLACES)[number]) {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-github-'));
  git = await fakeGit(join(directory, 'forge'), { [FILE]: marked('1.0.0') });
  github = startFakeGitHub(place.apiPath, { app: APP, git });
  const outbound = place.reach(loopbackOutbound(), github.origin);
  const { log } = createFakeLog();
  branches = createBranchUpdater({
    now: () => new Date(),
    outbound,
    log,
    directory: join(directory, 'cache'),
    maxBytes: 100_000_000,
    maxPackBytes: 64_000_000,
  });
  operations = [];
  promoter = createPullRequestPromoter({
    branches,
    outbound,
    log,
    now: () => new Date(),
    onForgeRequest: ({ operation, code }) => operations.push(`${operation} ${code}`),
    waits: noWaits(),
  });
  const url = place.url(github.origin);
  strategy = { type: 'github', url, baseBranch: 'main', secretRef: { name: 'git' } };
}

async function promote(secret: SecretCredentials, revision: string, known?: PullRequestRef) {
  const request = promotionRequest({ revision, ...(known && { pullRequest: known }) });
  return carriedOut(promoter.prepare(request, strategy, secret));
}

/** As a person merges on the command line, or a merge queue does. */
async function mergeByGit(branch: string): Promise<void> {
  await gitBranches(git.repository).merge(`refs/heads/${branch}`, 'main');
}

const PLACES = [
  {
    name: 'github.com',
    apiPath: '',
    url: () => 'https://github.com/acme/fleet',
    reach: (outbound: Outbound, origin: string) =>
      routedOutbound(
        routedOutbound(outbound, 'https://api.github.com', origin),
        'https://github.com',
        origin,
      ),
  },
  {
    name: 'GitHub Enterprise Server',
    apiPath: '/api/v3',
    url: (origin: string) => `${origin}/acme/fleet.git`,
    reach: (outbound: Outbound) => outbound,
  },
] as const;

/** An app of GitHub Enterprise Server says where its API is. */
function appSecret(apiPath: string): SecretCredentials {
  const keys = {
    githubAppID: APP.id,
    githubAppInstallationID: String(APP.installation),
    githubAppPrivateKey: APP.privateKey,
    ...(apiPath !== '' && { githubAppBaseURL: github.origin + apiPath }),
  };
  const values = Object.entries(keys).map(([key, value]) => [key, new TextEncoder().encode(value)] as const);
  return credentialsFrom(new Map(values), 'Secret team/git', 'github');
}

const SECRETS: readonly (readonly [string, (apiPath: string) => SecretCredentials])[] = [
  ['a token', () => ({ token: FAKE_TOKEN })],
  ['a GitHub App', appSecret],
];

afterEach(async () => {
  await branches.close();
  await github.stop();
  await rm(directory, { recursive: true, force: true });
});

for (const place of PLACES) {
  describe(`a promotion on ${place.name}`, () => {
    beforeEach(() => start(place));

    test.each(SECRETS)('goes with %s from the first fetch to the merge', async (kind, secretFor) => {
      const secret = secretFor(place.apiPath);
      const first = await promote(secret, '1.1.0');
      if (first.kind !== 'pull-request') throw new Error(`the result is ${first.kind}`);
      expect(await git.repository.read(BRANCH, FILE)).toBe(marked('1.1.0'));
      expect(github.pulls).toMatchObject([
        { title: 'Promote team/app in staging to 1.1.0', head: { ref: BRANCH } },
      ]);
      expect(github.pulls[0]?.head.sha).toBe((await git.repository.tip(BRANCH)) ?? '');

      const { url, number } = first.pullRequest;
      const pullRequest = { url, number };
      expect(await promote(secret, '1.2.0', pullRequest)).toMatchObject({ pullRequest });
      expect(await promoter.state(stateRequest(pullRequest, strategy), secret)).toBe('open');
      expect(github.pulls).toHaveLength(1);
      expect(github.pulls[0]?.head.sha).toBe((await git.repository.tip(BRANCH)) ?? '');

      await mergeByGit(BRANCH);
      expect(await promoter.state(stateRequest(pullRequest, strategy), secret)).toBe('merged');
      expect(await git.repository.read('main', FILE)).toBe(marked('1.2.0'));
      expect(await promote(secret, '1.2.0', pullRequest)).toMatchObject({ kind: 'already-there' });

      const token = kind === 'a token' ? [] : ['token 201'];
      expect(operations).toEqual([...token, 'create 201', 'get 200', 'update 200', 'get 200', 'get 200']);
    });

    test('sets the status of the commit that was pushed, and merges that one', async () => {
      await promote({ token: FAKE_TOKEN }, '1.1.0');
      const outbound = place.reach(loopbackOutbound(), github.origin);
      const forge = createForge('github', strategy.url, { token: FAKE_TOKEN }, forgeDeps({ outbound }));
      const pull = await forge.find(BRANCH, 'main');
      const commit = await git.repository.tip(BRANCH);
      if (!pull || commit === undefined) throw new Error('it is not there');
      await forge.setStatus(commit, { state: 'success', description: 'Promoted.' });

      expect(await forge.merge(pull, commit, mergeOptions())).toEqual({ kind: 'merged' });
      expect(await git.repository.read('main', FILE)).toBe(marked('1.1.0'));
    });

    test('sees that its base has moved into conflict with it', async () => {
      await promote({ token: FAKE_TOKEN }, '1.1.0');
      const outbound = place.reach(loopbackOutbound(), github.origin);
      const forge = () => createForge('github', strategy.url, { token: FAKE_TOKEN }, forgeDeps({ outbound }));
      expect(await forge().get(1)).not.toHaveProperty('mergeable');
      await git.repository.commit({ [FILE]: marked('2.0.0') });
      expect(await forge().get(1)).toMatchObject({ state: 'open', mergeable: 'conflicting' });
    });

    test('opens the next pull request on the same branch after the first was merged and deleted', async () => {
      const secret = { token: FAKE_TOKEN };
      await promote(secret, '1.1.0');
      await mergeByGit(BRANCH);
      await git.repository.git('branch', '-D', BRANCH);

      expect(await promote(secret, '1.2.0')).toMatchObject({ pullRequest: { number: 2 } });
      expect(github.pulls.map(({ merged, state }) => `${state} ${merged}`)).toEqual([
        'closed true',
        'open false',
      ]);
    });

    test('sees its pull request closed when somebody deletes the branch', async () => {
      const secret = { token: FAKE_TOKEN };
      const opened = await promote(secret, '1.1.0');
      if (opened.kind !== 'pull-request') throw new Error(`the result is ${opened.kind}`);
      await git.repository.git('branch', '-D', BRANCH);

      expect(await promoter.state(stateRequest(opened.pullRequest, strategy), secret)).toBe('closed');
    });

    test('pushes nothing with a token that GitHub does not know', async () => {
      const failure = await failureOf(promote({ token: 'ghp_wrong' }, '1.1.0'));

      expect(failure).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
      expect(await git.repository.tip(BRANCH)).toBeUndefined();
      expect(operations).toEqual([]);
    });
  });
}

import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PullRequestRef, PullRequestStrategy } from '../../../src/api/pipeline.ts';
import { createForge } from '../../../src/lib/forges/registry.ts';
import { createBranchUpdater } from '../../../src/promote/branch/branch-updater.ts';
import type { BranchUpdater } from '../../../src/promote/branch/port.ts';
import type { PullRequestPromoter } from '../../../src/promote/pull-request/port.ts';
import { createPullRequestPromoter } from '../../../src/promote/pull-request/pull-request.ts';
import { type FakeGit, fakeGit } from '../../fakes/azure/git.ts';
import type { Product } from '../../fakes/azure/products.ts';
import { AZURE_TOKEN, type FakeAzure, startFakeAzure } from '../../fakes/azure.ts';
import { failureOf } from '../../fakes/failure.ts';
import { forgeDeps, noWaits } from '../../fakes/forge-deps.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { loopbackOutbound } from '../../fakes/outbound.ts';
import { carriedOut, promotionRequest, stateRequest } from '../../fakes/promotion.ts';
import { mergeOptions } from '../pulls.ts';

const BRANCH = 'promotion-team-app-staging';
const FILE = 'apps/staging/app.yaml';
const SECRET = { token: AZURE_TOKEN };

let directory: string;
let git: FakeGit;
let azure: FakeAzure;
let branches: BranchUpdater;
let promoter: PullRequestPromoter;
let strategy: PullRequestStrategy;
let operations: string[];

function marked(version: string): string {
  return `version: ${version} # {"$promotion": "team:app:staging"}\n`;
}

async function start(product: Product): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-azure-'));
  git = await fakeGit(join(directory, 'forge'), { [FILE]: marked('1.0.0') });
  azure = startFakeAzure({ product, git });
  const outbound = loopbackOutbound();
  const now = () => new Date();
  const { log } = createFakeLog();
  const bounds = { maxBytes: 100_000_000, maxPackBytes: 64_000_000 };
  branches = createBranchUpdater({ now, outbound, log, directory: join(directory, 'cache'), ...bounds });
  operations = [];
  promoter = createPullRequestPromoter({
    branches,
    outbound,
    log,
    now,
    onForgeRequest: ({ operation, code }) => operations.push(`${operation} ${code}`),
    waits: noWaits(),
  });
  const url = `${azure.origin}/acme/Platform%20Team/_git/fleet`;
  strategy = { type: 'azure-devops', url, baseBranch: 'main', secretRef: { name: 'git' } };
}

function promote(revision: string, known?: PullRequestRef) {
  return carriedOut(
    promoter.prepare(promotionRequest({ revision, ...(known && { pullRequest: known }) }), strategy, SECRET),
  );
}

afterEach(async () => {
  await branches.close();
  await azure.stop();
  await rm(directory, { recursive: true, force: true });
});

describe.each(['services', 'server-2022.1', 'server-2022', 'server-2020'] as const)(
  'a promotion on Azure DevOps, %s,',
  (product) => {
    beforeEach(() => start(product));

    test('goes from the first fetch to the merge', async () => {
      const first = await promote('1.1.0');
      if (first.kind !== 'pull-request') throw new Error(`the result is ${first.kind}`);
      expect(await git.repository.read(BRANCH, FILE)).toBe(marked('1.1.0'));
      const { url, number } = first.pullRequest;
      const pullRequest = { url, number };
      expect(await promote('1.2.0', pullRequest)).toMatchObject({ pullRequest });
      expect(azure.pulls).toMatchObject([{ title: 'Promote team/app in staging to 1.2.0' }]);
      expect(await promoter.state(stateRequest(pullRequest, strategy), SECRET)).toBe('open');

      const forge = createForge('azure-devops', strategy.url, SECRET, forgeDeps());
      const pull = await forge.find(BRANCH, 'main');
      const commit = await git.repository.tip(BRANCH);
      if (!pull || commit === undefined) throw new Error('it is not there');
      await forge.setStatus(commit, { state: 'success', description: 'Promoted.' });
      expect(await forge.merge(pull, commit, mergeOptions())).toEqual({ kind: 'merged' });
      expect(await git.repository.read('main', FILE)).toBe(marked('1.2.0'));
      expect(await promoter.state(stateRequest(pullRequest, strategy), SECRET)).toBe('merged');
      expect(await promote('1.2.0', pullRequest)).toMatchObject({ kind: 'already-there' });

      const found = product === 'server-2020' ? ['create 400'] : [];
      expect(operations).toEqual([...found, 'create 201', 'get 200', 'update 200', 'get 200', 'get 200']);
    });
  },
);

describe('a promotion on Azure DevOps', () => {
  beforeEach(() => start('services'));

  test('leaves the pull request of another pipeline alone, whose note is at the end of a long text', async () => {
    const forge = createForge('azure-devops', strategy.url, SECRET, forgeDeps());
    await git.repository.git('branch', BRANCH, 'main');
    const body = `${'x'.repeat(500)}\n\n<!-- turnpike pipeline=other/app/staging -->`;
    await forge.create({ head: BRANCH, base: 'main', title: 'Theirs', body });
    const failure = await failureOf(promote('1.1.0'));
    expect(failure).toMatchObject({ code: 'ForgeRefused', retry: 'never' });
    expect(failure.message).toContain('has an open pull request of another pipeline, other/app/staging');
    expect(azure.pulls).toMatchObject([{ title: 'Theirs', description: body }]);
  });

  test('takes up its own pull request that was not recorded', async () => {
    await promote('1.1.0');
    expect(await promote('1.2.0')).toMatchObject({ kind: 'pull-request', pullRequest: { number: 1 } });
    expect(azure.pulls).toMatchObject([{ title: 'Promote team/app in staging to 1.2.0' }]);
  });

  test('goes on once Azure sees the branch that was pushed', async () => {
    azure.options.unseen = 2;
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await failureOf(promote('1.1.0'))).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    }
    expect(await promote('1.1.0')).toMatchObject({ kind: 'pull-request', pullRequest: { number: 1 } });
    expect(operations).toEqual(['create 400', 'create 400', 'create 201']);
  });
});

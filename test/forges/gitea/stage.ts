import { afterAll, beforeAll } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PullRequestStrategy } from '../../../src/api/pipeline.ts';
import { createBranchUpdater } from '../../../src/promote/branch/branch-updater.ts';
import type { BranchUpdater } from '../../../src/promote/branch/port.ts';
import type { PullRequestPromoter } from '../../../src/promote/pull-request/port.ts';
import { createPullRequestPromoter } from '../../../src/promote/pull-request/pull-request.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { loopbackOutbound } from '../../fakes/outbound.ts';
import type { Files, Gitea } from '../../lab/gitea/forge.ts';
import { sharedLab } from '../../lab/shared.ts';
import { waitUntil } from '../../lab/wait.ts';

/** The stage of a test that promotes into a repository of its own on the lab's Gitea. */
export interface GiteaStage {
  readonly gitea: Gitea;
  readonly repository: string;
  readonly promoter: PullRequestPromoter;
  /** `OPERATION STATUS` of what the forge was asked since the last call. */
  calls(): string[];
  settings(change?: Partial<PullRequestStrategy>): PullRequestStrategy;
  /** Time passes for us alone. */
  later(seconds: number): void;
  /** Any request below the repository's API. */
  api(method: string, path: string, body?: object): Promise<unknown>;
}

/** Sets the stage for the tests of a file. Its members are there while a test runs. */
export function giteaStage(name: string, files: Files): GiteaStage {
  const repository = `${name}-${crypto.randomUUID().slice(0, 8)}`;
  const stage: Partial<Record<keyof GiteaStage, unknown>> = { repository };
  let directory: string | undefined;
  let branches: BranchUpdater | undefined;
  let remove: (() => Promise<unknown>) | undefined;
  let passed = 0;

  beforeAll(async () => {
    const lab = await sharedLab();
    const { gitea } = lab;
    const url = await gitea.createRepository(repository, files);
    const api: GiteaStage['api'] = (method, path, body) =>
      gitea.api(method, `/repos/${gitea.user}/${repository}${path}`, body);
    remove = () => api('DELETE', '');
    // Gitea registers a pushed branch in the background.
    await waitUntil('Gitea to know the first push', async () => Boolean(await api('GET', '/branches/main')));
    directory = await mkdtemp(join(lab.directory, `${name}-`));
    const outbound = loopbackOutbound();
    const { log } = createFakeLog();
    const operations: string[] = [];
    branches = createBranchUpdater({
      now: () => new Date(),
      outbound,
      log,
      directory,
      maxBytes: 100_000_000,
      maxPackBytes: 64_000_000,
    });
    const promoter = createPullRequestPromoter({
      branches,
      outbound,
      log,
      now: () => new Date(Date.now() + passed),
      onForgeRequest: ({ operation, code }) => operations.push(`${operation} ${code}`),
    });
    const settings = (change = {}) => ({
      type: 'gitea',
      url,
      baseBranch: 'main',
      secretRef: { name: 'git' },
      ...change,
    });
    const later = (seconds: number) => {
      passed += seconds * 1000;
    };
    Object.assign(stage, { gitea, promoter, api, settings, later, calls: () => operations.splice(0) });
  }, 600_000);

  afterAll(async () => {
    await branches?.close();
    if (directory) await rm(directory, { recursive: true, force: true });
    await remove?.();
  }, 120_000);

  return stage as GiteaStage;
}

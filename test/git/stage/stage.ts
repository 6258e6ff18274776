import { afterAll, afterEach, beforeAll, beforeEach } from 'bun:test';
import { createTestRepository, type Files, type TestRepository } from './repository.ts';
import { type GitServer, startGitServer } from './server.ts';
import { type TestBranches, testBranches } from './support.ts';

/** The stage of a test of Git: one server for all, and a repository and a branch updater of its own. */
export interface GitStage {
  readonly server: GitServer;
  readonly repository: TestRepository;
  readonly url: string;
  readonly branches: TestBranches;
}

/** Sets the stage for the tests of a file. Its members are there while a test runs. */
export function gitStage(files: Files): GitStage {
  const stage: Partial<Record<keyof GitStage, unknown>> = {};
  let count = 0;
  let server: GitServer;
  let branches: TestBranches;
  beforeAll(async () => {
    server = await startGitServer();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    count += 1;
    const repository = await createTestRepository(server.directory, `app-${count}.git`, files);
    branches = await testBranches();
    server.requests.length = 0;
    Object.assign(stage, { server, repository, branches, url: `${server.url}/app-${count}.git` });
  });
  afterEach(async () => {
    server.intercept = undefined;
    await branches.close();
  });
  return stage as GitStage;
}

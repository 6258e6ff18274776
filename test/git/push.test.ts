import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { PushStrategy } from '../../src/api/pipeline.ts';
import { createPushPromoter } from '../../src/promote/push.ts';
import { failureOf } from '../fakes/failure.ts';
import { promotionRequest } from '../fakes/promotion.ts';
import { createTestRepository, type TestRepository } from './repository.ts';
import { type GitServer, startGitServer } from './server.ts';
import { marked, type TestWorkspace, testWorkspace } from './support.ts';

const FILE = 'apps/staging.yaml';
const KEY = 'team:app:staging';

let server: GitServer;
let workspace: TestWorkspace;
let repository: TestRepository;
let settings: PushStrategy;
let count = 0;

beforeAll(async () => {
  server = await startGitServer();
});
afterAll(() => server.close());

beforeEach(async () => {
  count += 1;
  repository = await createTestRepository(server.directory, `push-${count}.git`, {
    [FILE]: marked('1.2.0', KEY),
  });
  settings = { url: `${server.url}/push-${count}.git`, branch: 'main', secretRef: { name: 'repository' } };
  workspace = await testWorkspace();
});
afterEach(() => workspace.close());

function promoter() {
  return createPushPromoter({ workspace, now: () => new Date('2026-11-21T10:00:00Z') });
}

describe('the strategy push', () => {
  test('commits the revision to the branch itself, and says which commit', async () => {
    const result = await promoter().promote(promotionRequest(), settings, {});
    const tip = (await repository.tip('main')) ?? '';
    expect(result).toEqual({
      kind: 'pushed',
      commit: tip,
      message: `Commit ${tip.slice(0, 12)} on main has it.`,
    });
    expect(await repository.read('main', FILE)).toBe(marked('1.3.0', KEY));
    expect((await repository.git('log', '-1', '--format=%an <%ae>%n%B', 'main')).trim()).toBe(
      'Turnpike <turnpike@turnpike.invalid>\nPromote team/app in staging to 1.3.0\n\nTurnpike-Pipeline: team/app/staging',
    );
    expect((await repository.git('branch', '--format=%(refname:short)')).trim()).toBe('main');
  });

  test('done twice is done once', async () => {
    await promoter().promote(promotionRequest(), settings, {});
    const tip = await repository.tip('main');
    const again = await promoter().promote(promotionRequest(), settings, {});
    expect(again).toEqual({
      kind: 'already-there',
      message: 'Branch main has 1.3.0 at every place that is named for team:app:staging already.',
    });
    expect(await repository.tip('main')).toBe(tip);
  });

  test('takes its message and author from the spec', async () => {
    const templates = { commit: 'chore: {{application}} {{revision}}' };
    const commit = { author: { name: 'Release Bot', email: 'bot@example.com' } };
    await promoter().promote(promotionRequest(), { ...settings, templates, commit }, {});
    expect(await repository.git('log', '-1', '--format=%an <%ae>%n%s', 'main')).toBe(
      'Release Bot <bot@example.com>\nchore: app 1.3.0\n',
    );
  });

  test('fails for a branch that is not there', async () => {
    const failure = await failureOf(
      promoter().promote(promotionRequest(), { ...settings, branch: 'live' }, {}),
    );
    expect(failure).toMatchObject({ code: 'GitBranchNotFound', retry: 'never' });
  });
});

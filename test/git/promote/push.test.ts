import { beforeEach, describe, expect, test } from 'bun:test';
import { type PushStrategy, pipelineKey } from '../../../src/api/pipeline.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import type { Fence } from '../../../src/promote/fence.ts';
import { createPushPromoter, type PushDeps } from '../../../src/promote/push.ts';
import { fencedBranches } from '../../../src/reconcile/fenced.ts';
import { failureOf } from '../../fakes/failure.ts';
import { carriedOut, promotionRequest } from '../../fakes/promotion.ts';
import { gitStage } from '../stage/stage.ts';
import { marked } from '../stage/support.ts';

const FILE = 'apps/staging.yaml';
const KEY = 'team:app:staging';

const stage = gitStage({ [FILE]: marked('1.2.0', KEY) });

let settings: PushStrategy;

beforeEach(() => {
  settings = { url: stage.url, branch: 'main', secretRef: { name: 'repository' } };
});

function promoter(change: Partial<PushDeps> = {}) {
  const now = () => new Date('2026-11-21T10:00:00Z');
  return createPushPromoter({ branches: stage.branches, now, ...change });
}

describe('the strategy push', () => {
  test('commits the revision to the branch itself, and says which commit', async () => {
    const result = await carriedOut(promoter().prepare(promotionRequest(), settings, {}));
    const tip = (await stage.repository.tip('main')) ?? '';
    expect(result).toEqual({
      kind: 'pushed',
      commit: tip,
      message: `Commit ${tip.slice(0, 12)} on main has it.`,
      into: { url: settings.url, branch: 'main' },
    });
    expect(await stage.repository.read('main', FILE)).toBe(marked('1.3.0', KEY));
    expect((await stage.repository.git('log', '-1', '--format=%an <%ae>%n%B', 'main')).trim()).toBe(
      'Turnpike <turnpike@turnpike.invalid>\nPromote team/app in staging to 1.3.0\n\nTurnpike-Pipeline: team/app/staging',
    );
    expect((await stage.repository.git('branch', '--format=%(refname:short)')).trim()).toBe('main');
  });

  test('done twice is done once', async () => {
    await carriedOut(promoter().prepare(promotionRequest(), settings, {}));
    const tip = await stage.repository.tip('main');
    const again = await carriedOut(promoter().prepare(promotionRequest(), settings, {}));
    expect(again).toEqual({
      kind: 'already-there',
      message: 'Branch main has 1.3.0 at every place that is named for team:app:staging already.',
      into: { url: settings.url, branch: 'main' },
    });
    expect(await stage.repository.tip('main')).toBe(tip);
  });

  test('takes its message and author from the spec', async () => {
    const templates = { commit: 'chore: {{application}} {{revision}}' };
    const commit = { author: { name: 'Release Bot', email: 'bot@example.com' } };
    await carriedOut(promoter().prepare(promotionRequest(), { ...settings, templates, commit }, {}));
    expect(await stage.repository.git('log', '-1', '--format=%an <%ae>%n%s', 'main')).toBe(
      'Release Bot <bot@example.com>\nchore: app 1.3.0\n',
    );
  });

  test('sees that it was reverted, and takes a place that was added since for none', async () => {
    const inBase = () => promoter().inBase(promotionRequest(), settings, {});
    expect(await inBase()).toBe('reverted');
    await carriedOut(promoter().prepare(promotionRequest(), settings, {}));
    expect(await inBase()).toBe('merged');
    await stage.repository.commit({ 'apps/more.yaml': marked('1.2.0', KEY) });
    expect(await inBase()).toBe('merged');
    await stage.repository.commit({ [FILE]: marked('1.2.0', KEY) });
    expect(await inBase()).toBe('reverted');
  });

  test('fails for a branch that is not there', async () => {
    const failure = await failureOf(
      carriedOut(promoter().prepare(promotionRequest(), { ...settings, branch: 'live' }, {})),
    );
    expect(failure).toMatchObject({ code: 'GitBranchNotFound', retry: 'never' });
  });

  test('commits nothing where another replica leads by the time of the push', async () => {
    const lost = new TurnpikeError('NotLeading', 'Another replica leads.');
    const fence: Fence = async (key) => {
      if (key === pipelineKey('team', 'app')) throw lost;
    };
    const before = await stage.repository.tip('main');
    expect(
      await failureOf(
        carriedOut(
          promoter({ branches: fencedBranches(stage.branches, fence) }).prepare(
            promotionRequest(),
            settings,
            {},
          ),
        ),
      ),
    ).toBe(lost);
    expect(await stage.repository.tip('main')).toBe(before);
  });
});

import { describe, expect, test } from 'bun:test';
import { failureOf } from '../../fakes/failure.ts';
import { carriedOut, promotionRequest, stateRequest } from '../../fakes/promotion.ts';
import { waitFor } from '../../lab/wait.ts';
import { giteaStage } from './stage.ts';

const SLOW = 120_000;
const BRANCH = 'release/staging';
const TEAM = { namespace: 'team', name: 'app', uid: 'u1' };
const OTHER = { namespace: 'other', name: 'app', uid: 'u2' };
const file = ({ namespace }: typeof TEAM) => `${namespace}.yaml`;

const stage = giteaStage('branch', {
  [file(TEAM)]: marked(TEAM, '1.0.0'),
  [file(OTHER)]: marked(OTHER, '1.0.0'),
});

function marked({ namespace }: typeof TEAM, version: string): string {
  return `version: ${version} # {"$promotion": "${namespace}:app:staging"}\n`;
}

const token = () => ({ token: stage.gitea.token });
const settings = () => stage.settings({ branch: 'release/{{environment}}' });

async function promote(pipeline: typeof TEAM, revision: string) {
  const result = await carriedOut(
    stage.promoter.prepare(promotionRequest({ pipeline, revision }), settings(), token()),
  );
  if (result.kind !== 'pull-request') throw new Error(`the result is ${result.kind}`);
  return result.pullRequest;
}

describe('a branch whose name the Pipeline chooses', () => {
  test(
    'is that of the pull request, of its record, and of all that is asked of it later',
    async () => {
      const opened = await promote(TEAM, '1.1.0');
      expect(opened).toMatchObject({ branch: BRANCH, base: 'main' });
      const updated = await promote(TEAM, '1.2.0');
      expect(updated).toMatchObject({ number: opened.number, branch: BRANCH });
      expect(await stage.gitea.pulls(stage.repository)).toMatchObject([{ number: opened.number }]);
      expect(await stage.gitea.file(stage.repository, BRANCH, file(TEAM))).toBe(marked(TEAM, '1.2.0'));
      expect(await stage.promoter.state(stateRequest(updated, settings()), token())).toBe('open');
      const { pipeline, environment } = promotionRequest({ pipeline: TEAM });
      const found = await stage.promoter.find({ pipeline, environment, settings: settings() }, token());
      expect(found).toMatchObject({ number: opened.number, branch: BRANCH });
    },
    SLOW,
  );

  test(
    'is never pushed over by the Pipeline of another namespace that chooses the same one',
    async () => {
      const [mine] = await stage.gitea.pulls(stage.repository);
      for (const isMerged of [false, true]) {
        if (isMerged) {
          await waitFor('Gitea to squash', async () => {
            await stage.api('POST', `/pulls/${mine?.number}/merge`, { Do: 'squash' });
            return { done: true };
          });
        }
        const failure = await failureOf(promote(OTHER, '3.0.0'));
        expect(failure).toMatchObject({ code: 'GitRejected', retry: 'never' });
        expect(failure.message).toContain(`Branch ${BRANCH}`);
        expect(failure.message).toContain('belongs to another pipeline, team/app/staging');
        expect(failure.message).toContain('another pull-request.branch');
        expect(await stage.gitea.file(stage.repository, BRANCH, file(TEAM))).toBe(marked(TEAM, '1.2.0'));
        expect(await stage.gitea.file(stage.repository, BRANCH, file(OTHER))).toBe(marked(OTHER, '1.0.0'));
      }
      await stage.api('DELETE', `/branches/${BRANCH}`);
      expect(await promote(OTHER, '3.0.0')).toMatchObject({ branch: BRANCH });
    },
    SLOW,
  );
});

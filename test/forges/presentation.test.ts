import { beforeAll, describe, expect, test } from 'bun:test';
import type { PullRequestRef, PullRequestStrategy } from '../../src/api/pipeline.ts';
import type { PullRequestTask } from '../../src/decide/promotion/task.ts';
import { carriedOut, promotionRequest, stateRequest, taskRequest } from '../fakes/promotion.ts';
import { waitFor } from '../lab/wait.ts';
import { giteaStage } from './gitea/stage.ts';

const SLOW = 120_000;

const stage = giteaStage('presentation', {
  'staging.yaml': marked('staging'),
  'prod.yaml': marked('prod'),
  'late.yaml': marked('late'),
});

function marked(environment: string): string {
  return `version: 1.0.0 # {"$promotion": "team:app:${environment}"}\n`;
}

function token() {
  return { token: stage.gitea.token };
}

async function promote(environment: string, change: Partial<PullRequestStrategy> = {}) {
  const request = promotionRequest({ environment, runs: '1.0.0', gates: { soak: '1h' } });
  const result = await carriedOut(stage.promoter.prepare(request, stage.settings(change), token()));
  if (result.kind !== 'pull-request') throw new Error(`the result is ${result.kind}`);
  return result;
}

function runTask(task: PullRequestTask, pullRequest: PullRequestRef, environment: string) {
  const request = taskRequest(task, pullRequest, { environment, settings: stage.settings() });
  return stage.promoter.runTask(request, token());
}

function stateOf(pullRequest: PullRequestRef, environment: string) {
  return stage.promoter.state(stateRequest(pullRequest, stage.settings(), { environment }), token());
}

beforeAll(async () => {
  await stage.api('POST', '/labels', { name: 'promotion', color: '#00aabb' });
  const rule = { enable_status_check: true, status_check_contexts: ['turnpike/promotion'] };
  await stage.api('POST', '/branch_protections', { rule_name: 'main', ...rule });
});

describe('a pull request on Gitea', () => {
  test(
    'looks as the spec wants it, and says what the forge does not have',
    async () => {
      const change: Partial<PullRequestStrategy> = {
        labels: ['promotion', 'nobody-made-this'],
        assignees: [stage.gitea.user],
        templates: {
          title: '{{application}} {{from}} → {{revision}}',
          body: '{{summary}}\n\nGates: {{gates}}',
        },
        commit: { author: { name: 'Ada', email: 'ada@example.com' } },
      };
      const { pullRequest, message } = await promote('staging', change);
      expect(message).toContain('nobody-made-this');
      const pull = (await stage.api('GET', `/pulls/${pullRequest.number}`)) as Record<string, unknown>;
      expect(pull).toMatchObject({
        title: 'app 1.0.0 → 1.3.0',
        labels: [{ name: 'promotion' }],
        assignees: [{ login: stage.gitea.user }],
        head: { sha: pullRequest.commit },
      });
      expect(pull.body).toContain('Gates: soak `1h`');
      expect(pull.body).toContain(`/compare/main...promotion-team-app-staging`);
      const commit = (await stage.api('GET', `/git/commits/${pullRequest.commit}`)) as {
        commit: { author: unknown };
      };
      expect(commit.commit.author).toMatchObject({ name: 'Ada', email: 'ada@example.com' });
    },
    SLOW,
  );

  test(
    'shows whether the gates are open, and is merged by us when it may be',
    async () => {
      const { pullRequest } = await promote('prod', { merge: 'auto' });
      const run = (task: PullRequestTask) => runTask(task, pullRequest, 'prod');
      await run({ kind: 'check', state: 'pending', description: 'Waits.' });
      expect(await run({ kind: 'merge', mayWait: false })).toMatchObject({ kind: 'waits' });
      await run({ kind: 'check', state: 'success', description: 'The gates are open.' });
      const { statuses } = (await stage.api('GET', `/commits/${pullRequest.commit}/status`)) as {
        statuses: object[];
      };
      expect(statuses).toMatchObject([
        { context: 'turnpike/promotion', status: 'success', description: 'The gates are open.' },
      ]);
      await waitFor('the pull request to be merged', async () => {
        await run({ kind: 'merge', mayWait: false });
        const state = await stateOf(pullRequest, 'prod');
        return state === 'merged' ? { done: state } : { saw: state };
      });
      expect(await stage.gitea.file(stage.repository, 'main', 'prod.yaml')).toContain('version: 1.3.0');
    },
    SLOW,
  );

  test(
    'is closed with the reason, once',
    async () => {
      const { pullRequest } = await promote('late');
      const task = { kind: 'close', reason: 'late runs 1.4.0, which is newer than 1.3.0.' } as const;
      await runTask(task, pullRequest, 'late');
      await runTask(task, pullRequest, 'late');
      expect(await stateOf(pullRequest, 'late')).toBe('lapsed');
      const comments = (await stage.api('GET', `/issues/${pullRequest.number}/comments`)) as {
        body: string;
      }[];
      expect(comments.map(({ body }) => body)).toEqual([task.reason]);
    },
    SLOW,
  );
});

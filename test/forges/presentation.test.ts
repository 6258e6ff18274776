import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PullRequestRef, PullRequestStrategy } from '../../src/api/pipeline.ts';
import { createPullRequestPromoter, type PullRequestPromoter } from '../../src/promote/pull-request.ts';
import { createWorkspace, type Workspace } from '../../src/promote/workspace.ts';
import { createFakeLog } from '../fakes/log.ts';
import { loopbackOutbound } from '../fakes/outbound.ts';
import { promotionRequest } from '../fakes/promotion.ts';
import type { Gitea } from '../lab/gitea/forge.ts';
import { sharedLab } from '../lab/shared.ts';
import { waitFor } from '../lab/wait.ts';

const SLOW = 120_000;
const repository = `presentation-${crypto.randomUUID().slice(0, 8)}`;

let gitea: Gitea;
let url: string;
let directory: string;
let workspace: Workspace;
let promoter: PullRequestPromoter;

function marked(environment: string): string {
  return `version: 1.0.0 # {"$promotion": "team:app:${environment}"}\n`;
}

async function promote(environment: string, change: Partial<PullRequestStrategy> = {}) {
  const request = promotionRequest({ environment, runs: '1.0.0', gates: { soak: '1h' } });
  const result = await promoter.promote(request, settings(change), { token: gitea.token });
  if (result.kind !== 'pull-request') throw new Error(`the result is ${result.kind}`);
  return result;
}

function settings(change: Partial<PullRequestStrategy> = {}): PullRequestStrategy {
  return { type: 'gitea', url, baseBranch: 'main', secretRef: { name: 'git' }, ...change };
}

function tend(care: Parameters<PullRequestPromoter['tend']>[0], pullRequest: PullRequestRef) {
  return promoter.tend(care, pullRequest, settings(), { token: gitea.token });
}

function api(path: string) {
  return gitea.api('GET', `/repos/${gitea.user}/${repository}${path}`);
}

beforeAll(async () => {
  const lab = await sharedLab();
  gitea = lab.gitea;
  directory = await mkdtemp(join(lab.directory, 'presentation-'));
  const environments = ['staging', 'prod', 'late'];
  const files = environments.map((name) => [`${name}.yaml`, marked(name)]);
  url = await gitea.createRepository(repository, Object.fromEntries(files));
  await gitea.api('POST', `/repos/${gitea.user}/${repository}/labels`, {
    name: 'promotion',
    color: '#00aabb',
  });
  const outbound = loopbackOutbound();
  const { log } = createFakeLog();
  workspace = createWorkspace({ outbound, log, directory, maxBytes: 100_000_000 });
  promoter = createPullRequestPromoter({
    workspace,
    outbound,
    log,
    now: () => new Date(),
    onForgeRequest: () => {},
  });
}, 600_000);

afterAll(async () => {
  await workspace?.close();
  if (directory) await rm(directory, { recursive: true, force: true });
  if (url) await gitea.api('DELETE', `/repos/${gitea.user}/${repository}`);
}, SLOW);

describe('a pull request on Gitea', () => {
  test(
    'looks as the spec wants it, and says what the forge does not have',
    async () => {
      const change: Partial<PullRequestStrategy> = {
        labels: ['promotion', 'nobody-made-this'],
        assignees: [gitea.user],
        templates: {
          title: '{{application}} {{from}} → {{revision}}',
          body: '{{summary}}\n\nGates: {{gates}}',
        },
        commit: { author: { name: 'Ada', email: 'ada@example.com' } },
      };
      const { pullRequest, message } = await promote('staging', change);
      expect(message).toContain('nobody-made-this');
      const pull = (await api(`/pulls/${pullRequest.number}`)) as Record<string, unknown>;
      expect(pull).toMatchObject({
        title: 'app 1.0.0 → 1.3.0',
        labels: [{ name: 'promotion' }],
        assignees: [{ login: gitea.user }],
        head: { sha: pullRequest.commit },
      });
      expect(pull.body).toContain('Gates: soak `1h`');
      expect(pull.body).toContain(`/compare/main...promotion-team-app-staging`);
      const commit = (await api(`/git/commits/${pullRequest.commit}`)) as { commit: { author: unknown } };
      expect(commit.commit.author).toMatchObject({ name: 'Ada', email: 'ada@example.com' });
    },
    SLOW,
  );

  test(
    'shows whether the gates are open, and is merged by us when it may be',
    async () => {
      const { pullRequest } = await promote('prod', { merge: 'auto' });
      await tend({ kind: 'check', state: 'pending', description: 'Waits.' }, pullRequest);
      expect(await tend({ kind: 'merge', mayWait: false }, pullRequest)).toMatchObject({ kind: 'waits' });
      await tend({ kind: 'check', state: 'success', description: 'The gates are open.' }, pullRequest);
      const { statuses } = (await api(`/commits/${pullRequest.commit}/status`)) as { statuses: object[] };
      expect(statuses).toMatchObject([
        { context: 'turnpike/promotion', status: 'success', description: 'The gates are open.' },
      ]);
      await waitFor('the pull request to be merged', async () => {
        await tend({ kind: 'merge', mayWait: false }, pullRequest);
        const state = await promoter.state(pullRequest, settings(), { token: gitea.token });
        return state === 'merged' ? { done: state } : { saw: state };
      });
      expect(await gitea.file(repository, 'main', 'prod.yaml')).toContain('version: 1.3.0');
    },
    SLOW,
  );

  test(
    'is closed with the reason, once',
    async () => {
      const { pullRequest } = await promote('late');
      const care = { kind: 'close', reason: 'late runs 1.4.0, which is newer than 1.3.0.' } as const;
      await tend(care, pullRequest);
      await tend(care, pullRequest);
      expect(await promoter.state(pullRequest, settings(), { token: gitea.token })).toBe('closed');
      const comments = (await api(`/issues/${pullRequest.number}/comments`)) as { body: string }[];
      expect(comments.map(({ body }) => body)).toEqual([care.reason]);
    },
    SLOW,
  );
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { PullRequest } from '../../../src/lib/forges/port.ts';
import type { Gitea } from '../../lab/gitea/forge.ts';
import { sharedLab } from '../../lab/shared.ts';
import { waitUntil } from '../../lab/wait.ts';
import { mergeOptions } from '../pulls.ts';
import { runWorkflow } from '../status-workflow.ts';
import { type GiteaRepository, giteaRepository } from './people.ts';

const SLOW = 120_000;
const OURS = 'turnpike/promotion';

let gitea: Gitea;
let repository: GiteaRepository;

/** As Gitea's runner starts it for a pull request that was opened. */
async function started({ head, headCommit = '' }: PullRequest) {
  const { full_name: name } = (await repository.api('GET', '')) as { full_name: string };
  return runWorkflow({
    'github.api_url': `${gitea.url}/api/v1`,
    'github.server_url': gitea.url,
    'github.repository': name,
    'github.token': gitea.token,
    'github.head_ref': head,
    'github.event.pull_request.head.sha': headCommit,
  });
}

/** What a person's merge comes to. */
async function merged(pull: PullRequest): Promise<boolean> {
  try {
    await repository.api('POST', `/pulls/${pull.number}/merge`, { Do: 'merge' });
    return true;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  ({ gitea } = await sharedLab());
  repository = await giteaRepository(gitea);
  const rules = {
    enable_status_check: true,
    status_check_contexts: [OURS],
    block_admin_merge_override: true,
  };
  await repository.api('POST', '/branch_protections', { rule_name: 'main', ...rules });
}, 600_000);
afterAll(() => repository?.remove(), SLOW);

describe('a branch of Gitea that requires turnpike/promotion', () => {
  test(
    'takes a pull request that is no promotion once the workflow has run',
    async () => {
      const pull = await repository.opened('feature');
      expect(await merged(pull)).toBe(false);
      expect(await started(pull)).toMatchObject({ status: 0 });
      expect(await merged(pull)).toBe(true);
    },
    SLOW,
  );

  test(
    'takes a promotion after the word of Turnpike alone, whatever branch its commit is shown on',
    async () => {
      const pull = await repository.opened('promotion-team-app-staging');
      const commit = pull.headCommit ?? '';
      await repository.forge().setStatus(commit, { state: 'pending', description: 'Waits.' });
      await repository.api('POST', '/branches', { new_branch_name: 'copy', old_ref_name: commit });
      expect(await started(pull)).toMatchObject({ status: 0 });
      expect(await started({ ...pull, head: 'copy' })).toMatchObject({ status: 0 });
      expect(await merged(pull)).toBe(false);
      await repository.forge().setStatus(commit, { state: 'success', description: 'The gates are open.' });
      expect(await repository.forge().merge(pull, commit, mergeOptions())).toEqual({ kind: 'merged' });
    },
    SLOW,
  );
});

test(
  'a branch of Gitea that requires all statuses there are holds a promotion back, and no pull request with CI',
  async () => {
    const rules = {
      enable_status_check: true,
      status_check_contexts: ['*'],
      block_admin_merge_override: true,
    };
    await repository.api('POST', '/branches', { new_branch_name: 'any', old_branch_name: 'main' });
    await repository.api('POST', '/branch_protections', { rule_name: 'any', ...rules });
    const [other, promotion] = [
      await repository.opened('feature-any', 'any'),
      await repository.opened('promotion-any', 'any'),
    ];
    expect(await merged(other)).toBe(false);
    for (const { headCommit } of [other, promotion]) {
      await repository.api('POST', `/statuses/${headCommit}`, { context: 'ci', state: 'success' });
    }
    const commit = promotion.headCommit ?? '';
    await repository.forge().setStatus(commit, { state: 'pending', description: 'Waits.' });
    expect(await merged(promotion)).toBe(false);
    expect(await merged(other)).toBe(true);
    await repository.forge().setStatus(commit, { state: 'success', description: 'The gates are open.' });
    // Its base has moved: Gitea looks at it again first.
    await waitUntil('the promotion to be merged', () => merged(promotion));
    expect(await repository.forge().get(promotion.number)).toMatchObject({ state: 'merged' });
  },
  SLOW,
);

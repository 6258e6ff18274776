import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createOutbound } from '../../../src/lib/net/outbound.ts';
import { failureOf } from '../../fakes/failure.ts';
import type { Gitea } from '../../lab/gitea/forge.ts';
import { sharedLab } from '../../lab/shared.ts';
import { waitFor } from '../../lab/wait.ts';
import { BRANCH, branchUpdate, marked, type TestBranches, testBranches } from '../stage/support.ts';

const SLOW = 120_000;
const name = `branches-${crypto.randomUUID().slice(0, 8)}`;
const FILE = 'apps/prod.yaml';
let gitea: Gitea;
let url: string;
let branches: TestBranches;

beforeAll(async () => {
  gitea = (await sharedLab()).gitea;
  url = await gitea.createRepository(name, { [FILE]: marked('1.0.0'), 'README.md': 'A repository.\n' });
  branches = await testBranches({ outbound: createOutbound({ allowed: [], insecure: [gitea.host] }) });
}, 600_000);
afterAll(async () => {
  await branches?.close();
  if (url) await gitea.api('DELETE', `/repos/${gitea.user}/${name}`);
}, SLOW);

const promote = (changed: Parameters<typeof branchUpdate>[1] = {}) =>
  branches.updateBranch(branchUpdate(url, { credentials: { token: gitea.token }, ...changed }));

describe('Gitea', () => {
  test(
    'takes the branch, with the token alone',
    async () => {
      expect((await promote()).kind).toBe('pushed');
      expect(await gitea.file(name, BRANCH, FILE)).toBe(marked('2.0.0'));
      expect(await gitea.file(name, 'main', FILE)).toBe(marked('1.0.0'));
      expect((await promote()).kind).toBe('unchanged');
    },
    SLOW,
  );

  test(
    'takes it anew on a base that has moved, with user and password',
    async () => {
      await gitea.commit(name, 'main', { 'new.yaml': marked('1.0.0') }, 'Add a file');
      const credentials = { username: gitea.user, password: gitea.password };
      const result = await promote({ revision: '3.0.0', credentials });
      expect(result).toMatchObject({ kind: 'pushed', changes: [{ file: FILE }, { file: 'new.yaml' }] });
      expect(await gitea.file(name, BRANCH, 'new.yaml')).toBe(marked('3.0.0'));
    },
    SLOW,
  );

  test(
    'takes it with the token as a bearer of it',
    async () => {
      const credentials = { bearerToken: gitea.token };
      expect((await promote({ revision: '3.1.0', credentials })).kind).toBe('pushed');
      const error = await failureOf(promote({ revision: '3.2.0', credentials: { bearerToken: 'wrong' } }));
      expect(error).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
    },
    SLOW,
  );

  test(
    'refuses a wrong token',
    async () => {
      const error = await failureOf(promote({ credentials: { token: 'wrong' } }));
      expect(error).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
    },
    SLOW,
  );

  test(
    'knows no such repository',
    async () => {
      const error = await failureOf(promote({ url: url.replace(name, 'no-such-thing') }));
      expect(error).toMatchObject({ code: 'GitRepositoryNotFound', retry: 'never' });
    },
    SLOW,
  );

  test(
    'refuses a push to a protected branch in its own words',
    async () => {
      const rule = { rule_name: 'locked', enable_push: false };
      await gitea.api('POST', `/repos/${gitea.user}/${name}/branch_protections`, rule);
      const error = await failureOf(promote({ branch: 'locked' }));
      expect(error).toMatchObject({ code: 'GitRejected', retry: 'never' });
      expect(error.message).toContain('protected branch locked');
    },
    SLOW,
  );

  test.each(['merge', 'rebase'])(
    'updates the branch by its own button (%s), which leaves it ours',
    async (style) => {
      const branch = `button-${style}`;
      const update = (revision: string, pushed?: string) =>
        promote({
          branch,
          revision,
          message: `Promote to ${revision}\n\nTurnpike-Pipeline: apps/podinfo/prod\n`,
          ...(pushed && { pushed: { commit: pushed, revision: '5.0.0' } }),
        });
      const first = await update('5.0.0');
      const ours = first.kind === 'pushed' ? first.commit : '';
      const pulls = `/repos/${gitea.user}/${name}/pulls`;
      const body = { head: branch, base: 'main', title: branch };
      const { number } = (await gitea.api('POST', pulls, body)) as { number: number };
      await gitea.commit(name, 'main', { [`${style}.txt`]: 'moved\n' }, 'Move the base');
      await waitFor('the button to work', async () => {
        await gitea.api('POST', `${pulls}/${number}/update?style=${style}`);
        return { done: true };
      });
      const second = await update('5.0.0', ours);
      expect(second).toMatchObject({ kind: 'unchanged' });
      expect(second).not.toHaveProperty('others');
      expect('commit' in second && second.commit).not.toBe(ours);
      const third = await update('6.0.0', ours);
      expect(third).toMatchObject({ kind: 'pushed' });
      expect(third).not.toHaveProperty('others');
    },
    SLOW,
  );

  test(
    "keeps somebody's commit on the branch, below a newer revision",
    async () => {
      const branch = 'with-a-fix';
      await promote({ branch, revision: '5.0.0' });
      const file = `/repos/${gitea.user}/${name}/contents/fix.txt`;
      const content = Buffer.from('a fix\n').toString('base64');
      await gitea.api('POST', file, { branch, content, message: 'Fix' });
      expect(await promote({ branch, revision: '5.0.0' })).toMatchObject({ kind: 'unchanged', others: true });
      expect(await promote({ branch, revision: '6.0.0' })).toMatchObject({ kind: 'pushed', others: true });
      expect(await gitea.file(name, branch, 'fix.txt')).toBe('a fix\n');
      expect(await gitea.file(name, branch, FILE)).toBe(marked('6.0.0'));
    },
    SLOW,
  );
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createOutbound } from '../../src/promote/outbound.ts';
import { failureOf } from '../fakes/failure.ts';
import type { Gitea } from '../lab/gitea/forge.ts';
import { sharedLab } from '../lab/shared.ts';
import { BRANCH, branchUpdate, marked, type TestWorkspace, testWorkspace } from './support.ts';

const SLOW = 120_000;
const name = `workspace-${crypto.randomUUID().slice(0, 8)}`;
const FILE = 'apps/prod.yaml';
let gitea: Gitea;
let url: string;
let workspace: TestWorkspace;

beforeAll(async () => {
  gitea = (await sharedLab()).gitea;
  url = await gitea.createRepository(name, { [FILE]: marked('1.0.0'), 'README.md': 'A repository.\n' });
  workspace = await testWorkspace({ outbound: createOutbound({ allowed: [], insecure: [gitea.host] }) });
}, 600_000);
afterAll(async () => {
  await workspace?.close();
  if (url) await gitea.api('DELETE', `/repos/${gitea.user}/${name}`);
}, SLOW);

const promote = (changed: Parameters<typeof branchUpdate>[1] = {}) =>
  workspace.updateBranch(branchUpdate(url, { credentials: { token: gitea.token }, ...changed }));

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
      expect(error).toMatchObject({ code: 'GitRejected', retry: 'backoff' });
      expect(error.message).toContain('protected branch locked');
    },
    SLOW,
  );
});

import { describe, expect, test } from 'bun:test';
import { suffixedBase } from '../../../src/lib/git/redirect.ts';
import { failureOf } from '../../fakes/failure.ts';
import { asGitLab, redirectTo } from '../stage/as-gitlab.ts';
import { type GitServer, startGitServer } from '../stage/server.ts';
import { gitStage } from '../stage/stage.ts';
import { BRANCH, branchUpdate, marked } from '../stage/support.ts';

const FILE = 'a.yaml';
const stage = gitStage({ [FILE]: marked('1.0.0') });

/** The repository's address as people copy it from its page. */
const page = () => stage.url.replace(/\.git$/, '');
const update = (changed: Parameters<typeof branchUpdate>[1] = {}) => branchUpdate(page(), changed);
const lines = () => stage.server.requests.map(({ line }) => line);

const PUSHED_TO: Parameters<typeof branchUpdate>[1] = { branch: 'main', isDirect: true };

describe('a server that knows the repository by its name with .git', () => {
  test('answers at the name without it as GitLab does', async () => {
    stage.server.intercept = asGitLab();
    const refs = await fetch(`${page()}/info/refs?service=git-upload-pack`, { redirect: 'manual' });
    expect(refs.status).toBe(301);
    expect(refs.headers.get('location')).toBe(`${stage.url}/info/refs?service=git-upload-pack`);
    const pack = await fetch(`${page()}/git-upload-pack`, { method: 'POST', body: '0000' });
    expect(pack.status).toBe(404);
  });

  test.each([301, 302, 307, 308])('is fetched from and pushed to there (HTTP %d)', async (status) => {
    stage.server.intercept = asGitLab(status);
    expect((await stage.branches.updateBranch(update())).kind).toBe('pushed');
    expect(await stage.repository.read(BRANCH, FILE)).toBe(marked('2.0.0'));
    const name = new URL(page()).pathname;
    expect(lines().toSorted()).toEqual([
      `GET ${name}.git/info/refs?service=git-receive-pack`,
      `GET ${name}.git/info/refs?service=git-upload-pack`,
      `GET ${name}/info/refs?service=git-receive-pack`,
      `GET ${name}/info/refs?service=git-upload-pack`,
      `POST ${name}.git/git-receive-pack`,
      `POST ${name}.git/git-upload-pack`,
    ]);
    // What is warm is asked for where to push alone.
    stage.server.requests.length = 0;
    expect((await stage.branches.updateBranch(update({ revision: '3.0.0' }))).kind).toBe('pushed');
    expect(lines()).toEqual([
      `GET ${name}/info/refs?service=git-receive-pack`,
      `GET ${name}.git/info/refs?service=git-receive-pack`,
      `POST ${name}.git/git-receive-pack`,
    ]);
  });

  test('takes commits to its base branch, and is looked at', async () => {
    stage.server.intercept = asGitLab();
    expect((await stage.branches.updateBranch(update(PUSHED_TO))).kind).toBe('pushed');
    expect(await stage.repository.read('main', FILE)).toBe(marked('2.0.0'));
    expect(await stage.branches.hasBranch(update({ branch: 'main' }))).toBe(true);
    expect((await stage.branches.inspect(update())).kind).toBe('in-base');
    await stage.repository.commit({ [FILE]: marked('1.0.0') });
    expect((await stage.branches.inspect(update())).kind).toBe('differs');
  });

  test('is followed when it names the path alone', async () => {
    const real = asGitLab();
    stage.server.intercept = (request) => {
      const answer = real(request);
      const location = answer?.headers.get('location');
      return location ? redirectTo(location.slice(stage.server.url.length)) : answer;
    };
    expect((await stage.branches.updateBranch(update())).kind).toBe('pushed');
  });

  test('is followed once', async () => {
    stage.server.intercept = ({ url }) => redirectTo(url.replace('/info/refs', '.git/info/refs'));
    const error = await failureOf(stage.branches.hasBranch(update()));
    expect(error).toMatchObject({ code: 'GitRepositoryNotFound', retry: 'never' });
    expect(lines()).toHaveLength(2);
  });

  test('is not followed where a pack is asked for or sent', async () => {
    stage.server.intercept = ({ url, method }) =>
      method === 'POST' ? redirectTo(url.replace(/\/git-[a-z-]+$/, '.git$&')) : undefined;
    const error = await failureOf(stage.branches.updateBranch(branchUpdate(stage.url)));
    expect(error).toMatchObject({ code: 'GitRepositoryNotFound', retry: 'never' });
    expect(lines().filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });
});

describe('any other redirect', () => {
  const TOKEN = 'ghp_secretsecretsecret';
  const refused = async () => {
    const error = await failureOf(stage.branches.hasBranch(update({ credentials: { token: TOKEN } })));
    expect(error).toMatchObject({ code: 'GitRepositoryNotFound', retry: 'never' });
    expect(error.message).not.toContain(TOKEN);
    expect(lines()).toHaveLength(1);
    return error.message;
  };
  const sendTo = (change: (suffixed: string) => string) => {
    const suffixed = `${stage.url}/info/refs?service=git-upload-pack`;
    stage.server.intercept = () => redirectTo(change(suffixed));
  };

  test('to another host is not followed, and that host hears nothing', async () => {
    const other: GitServer = await startGitServer();
    sendTo((suffixed) => suffixed.replace(stage.server.url, other.url));
    expect(await refused()).toContain(`redirects to ${other.url}/`);
    expect(other.requests).toEqual([]);
    await other.close();
  });

  test.each<[string, (suffixed: string) => string]>([
    ['to another scheme', (suffixed) => suffixed.replace('http:', 'https:')],
    ['to another port', (suffixed) => suffixed.replace(/:\d+\//, ':1/')],
    ['to another path', (suffixed) => suffixed.replace('/app-', '/other-')],
    ['with a user', (suffixed) => suffixed.replace('//', '//ada:secret@')],
    ['to another service', (suffixed) => suffixed.replace('upload', 'receive')],
    ['without the service', (suffixed) => suffixed.replace(/\?.*/, '')],
    ['with more in its query', (suffixed) => `${suffixed}&token=1`],
    ['to itself', (suffixed) => suffixed.replace('.git', '')],
    ['with another ending', (suffixed) => suffixed.replace('.git', '.wiki.git')],
  ])('%s is not followed', async (_, change) => {
    sendTo(change);
    expect(await refused()).toContain('redirects are not followed; if it has moved there, set url to that.');
  });

  test('from https to http is not followed', () => {
    const base = 'https://git.example/app';
    const answer = (to: string) => redirectTo(`${to}.git/info/refs?service=git-upload-pack`);
    expect(suffixedBase(answer(base), base, 'git-upload-pack')).toBe(`${base}.git`);
    expect(suffixedBase(answer('http://git.example/app'), base, 'git-upload-pack')).toBeUndefined();
  });

  // GitHub sends Git on to the new name of a repository, and its API to a number.
  test.each(['', '.git'])(
    'of a repository with a new name is advised to be set as url (%p)',
    async (suffix) => {
      stage.server.intercept = ({ url }) => redirectTo(url.replace(/\/app-\d+/, '/shop'));
      const look = branchUpdate(`${page()}${suffix}`);
      const moved = `redirects to ${stage.server.url}/shop${suffix}: redirects are not followed; if it has moved there, set url to that.`;
      expect((await failureOf(stage.branches.hasBranch(look))).message).toContain(moved);
      stage.server.intercept = ({ url }) => redirectTo(new URL(url).pathname.replace(/\/app-\d+/, '/shop'));
      expect((await failureOf(stage.branches.hasBranch(look))).message).toContain(moved);
    },
  );

  test('that leads nowhere is no advice', async () => {
    stage.server.intercept = () => new Response(null, { status: 302 });
    expect(await refused()).toContain('redirects without saying where to');
  });
});

import { describe, expect, test } from 'bun:test';
import { azureAddress } from '../../../src/lib/forges/azure/address.ts';
import { AZURE_TOKEN } from '../../fakes/azure.ts';
import { failureOf } from '../../fakes/failure.ts';
import { BARE } from '../../fakes/pull.ts';
import { INPUT } from '../pulls.ts';
import { forgeStage } from '../stage.ts';

const stage = forgeStage('azure-devops');
const forge = (url?: string, token?: string) => stage.forge({ url, token });

const ROOT = '/acme/Platform%20Team/_apis/git/repositories/fleet/pullrequests';
const REPOSITORY = 'https://dev.azure.com/acme/Platform%20Team/_git/fleet';

async function asked(path: string): Promise<Record<string, unknown>> {
  const login = Buffer.from(`:${AZURE_TOKEN}`).toString('base64');
  const response = await fetch(stage.host.origin + path, { headers: { authorization: `Basic ${login}` } });
  return (await response.json()) as Record<string, unknown>;
}

describe('Azure DevOps', () => {
  test('opens, finds, reads and changes a pull request, and reads what it found whole', async () => {
    const created = await forge().create(INPUT);
    const found = await forge().find(INPUT.head, 'main');
    const updated = await forge().update(1, { title: 'Newer', body: 'newer' });
    const read = await forge().get(1);

    expect(created).toEqual({
      ...INPUT,
      ...BARE,
      number: 1,
      url: `${REPOSITORY}/pullrequest/1`,
      state: 'open',
    });
    expect(found).toEqual(created === 'exists' ? undefined : created);
    expect(updated).toMatchObject({ title: 'Newer', body: 'newer', base: 'main', state: 'open' });
    expect(read).toEqual(updated);
    const search = [
      'searchCriteria.status=active',
      'searchCriteria.sourceRefName=refs%2Fheads%2Fpromotion-team-app-staging',
      'searchCriteria.targetRefName=refs%2Fheads%2Fmain',
    ];
    expect(stage.host.requests).toEqual([
      `POST ${ROOT}?api-version=7.0`,
      `GET ${ROOT}?${search.join('&')}&api-version=7.0`,
      `GET ${ROOT}/1?api-version=7.0`,
      `PATCH ${ROOT}/1?api-version=7.0`,
      `GET ${ROOT}/1?api-version=7.0`,
    ]);
  });

  test.each([
    ['https://dev.azure.com/acme/fleet/_git/fleet', '/acme/fleet', 'fleet'],
    ['https://dev.azure.com/acme/_git/fleet', '/acme/fleet', 'fleet'],
    ['https://acme.visualstudio.com/Platform%20Team/_git/fleet', '/Platform%20Team', 'fleet'],
    ['https://acme.visualstudio.com/_git/fleet', '/fleet', 'fleet'],
    ['https://acme.visualstudio.com/DefaultCollection/_git/fleet', '/DefaultCollection/fleet', 'fleet'],
    ['https://acme.visualstudio.com/DefaultCollection/Team/_git/fleet', '/DefaultCollection/Team', 'fleet'],
    ['ssh://git@ssh.dev.azure.com/v3/acme/Platform/fleet', '/acme/Platform', 'fleet'],
    ['ssh://acme@vs-ssh.visualstudio.com/v3/acme/Platform%20Team/fleet', '/acme/Platform%20Team', 'fleet'],
    ['ssh://acme@vs-ssh.visualstudio.com:22/v3/acme/fleet/fleet', '/acme/fleet', 'fleet'],
    ['https://tfs.example.com:8443/tfs/Main/Platform/_git/fleet%20two', '/tfs/Main/Platform', 'fleet%20two'],
    [
      'https://tfs.example.com/tfs/DefaultCollection/Platform/_git/fleet',
      '/tfs/DefaultCollection/Platform',
      'fleet',
    ],
    ['https://tfs.example.com/tfs/Main/_git/fleet', '/tfs/Main/fleet', 'fleet'],
    ['https://tfs.example.com/azure/DefaultCollection/_git/fleet', '/azure/DefaultCollection/fleet', 'fleet'],
    ['https://ado.example.com/Main/Platform/_git/fleet', '/Main/Platform', 'fleet'],
    ['https://ado.example.com/Main/_git/fleet', '/Main/fleet', 'fleet'],
    ['https://ado.example.com/DefaultCollection/_git/fleet', '/DefaultCollection/fleet', 'fleet'],
  ])('reads %s', (url, path, name) => {
    expect(azureAddress(url)).toMatchObject({ path, name });
  });

  test.each(['ssh://git@ssh.dev.azure.com/v3/acme/a/b', 'ssh://acme@vs-ssh.visualstudio.com/v3/acme/a/b'])(
    'has the API of %s at dev.azure.com',
    (url) => {
      expect(azureAddress(url)).toMatchObject({ origin: 'https://dev.azure.com', host: 'dev.azure.com' });
    },
  );

  test.each(['/acme/fleet', '/acme/p/_git/', '/acme/p/_git/a%2Fb', '/acme/p/_git/a/b'])(
    'refuses %s',
    (path) => {
      expect(() => forge(`https://dev.azure.com${path}`)).toThrow('its form is https://dev.azure.com/');
    },
  );

  test.each([
    ['/acme/100%/_git/fleet', 'write it as %25'],
    ['/acme/p/_git/%E0%A4', 'write it as %25'],
    ['/_git/fleet', 'names no organization, or collection, and project on dev.azure.com'],
  ])('refuses %s for good, and says why', async (path, words) => {
    const error = await failureOf(Promise.try(() => forge(`https://dev.azure.com${path}`)));
    expect(error).toMatchObject({ code: 'SpecInvalid', retry: 'never' });
    expect(error.message).toContain(words);
  });

  test('says that a pull request exists rather than failing', async () => {
    await forge().create(INPUT);
    expect(await forge().create(INPUT)).toBe('exists');
  });

  test('finds none that is completed, abandoned, or from a fork', async () => {
    await forge().create({ ...INPUT, body: '' });
    const [pull] = stage.host.pulls;
    for (const [status, shown] of [
      ['completed', 'merged'],
      ['abandoned', 'closed'],
    ] as const) {
      Object.assign(pull ?? {}, { status });
      expect(await forge().find(INPUT.head, 'main')).toBeUndefined();
      expect(await forge().get(1)).toMatchObject({ state: shown, body: '' });
    }
    Object.assign(pull ?? {}, { status: 'active', forkSource: { repository: {} } });
    expect(await forge().find(INPUT.head, 'main')).toBeUndefined();
    expect(await forge().get(2)).toBeUndefined();
  });

  test('moves a pull request to another base branch', async () => {
    await forge().create(INPUT);
    expect(await forge().update(1, { title: 'T', body: 'b', base: 'release' })).toMatchObject({
      base: 'release',
    });
  });

  test('reports a token that Azure refuses, though it shows a page to sign in', async () => {
    const wrong = await failureOf(forge(undefined, 'wrong-token').create(INPUT));
    expect(wrong).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
    expect(wrong.message).toContain('answered 401: put a valid token into the Secret.');
    const location = 'https://spsprodweu1.vssps.visualstudio.com/_signin?realm=dev.azure.com';
    stage.host.fail({ status: 302, body: '', headers: { location } });
    expect((await failureOf(forge().get(1))).code).toBe('ForgeUnauthorized');
  });

  test('refuses in its own words what is longer than it takes', async () => {
    expect(forge().maxBody).toBe(4000);
    const error = await failureOf(forge().create({ ...INPUT, body: 'x'.repeat(4001) }));
    expect(error).toMatchObject({ code: 'ForgeRefused', retry: 'never' });
    expect(error.message).toContain('must not be longer than 4000 characters');
  });

  test('is asked again while it does not see a branch that was just pushed', async () => {
    stage.host.options.unseen = 2;
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await failureOf(forge().create(INPUT));
      expect(error).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
      expect(error.message).toContain('does not see the branches of the pull request in');
      expect(error.message).toContain('(TF401398: The pull request cannot be activated');
      expect(error.message).toEndWith(': it is tried again.');
    }
    expect(await forge().create(INPUT)).toMatchObject({ number: 1 });
  });

  test('gives the whole text of what it finds, though its lists have 400 characters of it', async () => {
    const body = `${'x'.repeat(500)}\n\n<!-- turnpike pipeline=other/app/staging -->`;
    await forge().create({ ...INPUT, body });
    const { value } = await asked(`${ROOT}?api-version=7.0`);
    expect(value).toMatchObject([{ description: 'x'.repeat(400) }]);
    expect(await forge().find(INPUT.head, 'main')).toMatchObject({ body });
  });
});

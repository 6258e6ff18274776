import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { utils } from 'ssh2';
import { createOutbound } from '../../../../src/lib/net/outbound.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { ed25519Keys } from '../../../fakes/ssh-keys.ts';
import type { Gitea } from '../../../lab/gitea/forge.ts';
import { sharedLab } from '../../../lab/shared.ts';
import { BRANCH, branchUpdate, marked, type TestBranches, testBranches } from '../../stage/support.ts';

const SLOW = 120_000;
const name = `ssh-${crypto.randomUUID().slice(0, 8)}`;
const FILE = 'apps/prod.yaml';
const PASSPHRASE = 'only we two';

const KEYS = {
  ed25519: ed25519Keys(),
  ecdsa: utils.generateKeyPairSync('ecdsa', { bits: 256 }),
  rsa: utils.generateKeyPairSync('rsa', { bits: 3072 }),
  'ed25519 with a passphrase': ed25519Keys({
    passphrase: PASSPHRASE,
    cipher: 'aes256-ctr',
    rounds: 16,
  }),
};

let gitea: Gitea;
let url: string;
let branches: TestBranches;
const keyIds: number[] = [];

beforeAll(async () => {
  gitea = (await sharedLab()).gitea;
  await gitea.createRepository(name, { [FILE]: marked('1.0.0'), 'README.md': 'A repository.\n' });
  url = `ssh://git@127.0.0.1:${gitea.ssh.port}/${gitea.user}/${name}.git`;
  for (const [title, { public: key }] of Object.entries(KEYS)) {
    const { id } = (await gitea.api('POST', '/user/keys', { title: `${name} ${title}`, key })) as {
      id: number;
    };
    keyIds.push(id);
  }
  const insecure = [`127.0.0.1:${gitea.ssh.port}`];
  branches = await testBranches({ outbound: createOutbound({ allowed: [], insecure }) });
}, 600_000);

afterAll(async () => {
  await branches?.close();
  for (const id of keyIds) await gitea.api('DELETE', `/user/keys/${id}`);
  await gitea?.api('DELETE', `/repos/${gitea.user}/${name}`);
}, SLOW);

const secret = (change: Record<string, string> = {}) => ({
  identity: KEYS.ed25519.private,
  knownHosts: gitea.ssh.knownHosts,
  ...change,
});

const promote = (changed: Parameters<typeof branchUpdate>[1] = {}) =>
  branches.updateBranch(branchUpdate(url, { credentials: secret(), ...changed }));

describe("Gitea's SSH server", () => {
  test(
    'takes the branch from each kind of key',
    async () => {
      let minor = 0;
      for (const [kind, { private: identity }] of Object.entries(KEYS)) {
        minor += 1;
        const password = kind.endsWith('passphrase') ? { password: PASSPHRASE } : {};
        const credentials = secret({ identity, ...password });
        expect((await promote({ revision: `2.${minor}.0`, credentials })).kind).toBe('pushed');
        expect(await gitea.file(name, BRANCH, FILE)).toBe(marked(`2.${minor}.0`));
      }
      expect((await promote({ revision: `2.${minor}.0` })).kind).toBe('unchanged');
      expect(await gitea.file(name, 'main', FILE)).toBe(marked('1.0.0'));
    },
    SLOW,
  );

  test(
    'takes it anew on a base that has moved, in a repository of some size',
    async () => {
      const files = Object.fromEntries(
        Array.from({ length: 300 }, (_, index) => [`docs/${index}.md`, crypto.randomUUID().repeat(100)]),
      );
      await gitea.commit(name, 'main', { ...files, 'new.yaml': marked('1.0.0') }, 'Add files');
      const result = await promote({ revision: '3.0.0' });
      expect(result).toMatchObject({ kind: 'pushed', changes: [{ file: FILE }, { file: 'new.yaml' }] });
      expect(await gitea.file(name, BRANCH, 'new.yaml')).toBe(marked('3.0.0'));
    },
    SLOW,
  );

  test(
    "keeps somebody's commit on the branch, below a newer revision, and is looked at",
    async () => {
      const branch = 'with-a-fix';
      await promote({ branch, revision: '5.0.0' });
      const file = `/repos/${gitea.user}/${name}/contents/fix.txt`;
      const content = Buffer.from('a fix\n').toString('base64');
      await gitea.api('POST', file, { branch, content, message: 'Fix' });
      expect(await promote({ branch, revision: '6.0.0' })).toMatchObject({ kind: 'pushed', others: true });
      expect(await gitea.file(name, branch, 'fix.txt')).toBe('a fix\n');
      const look = branchUpdate(url, { credentials: secret() });
      expect((await branches.inspect(look)).kind).toBe('differs');
      expect(await branches.hasBranch({ ...look, branch })).toBe(true);
      expect(await branches.hasBranch({ ...look, branch: 'none' })).toBe(false);
    },
    SLOW,
  );

  test(
    'is not talked to when it shows another host key than the Secret has, or none is known',
    async () => {
      const other = ed25519Keys().public.split(' ');
      const host = `[127.0.0.1]:${gitea.ssh.port}`;
      const [, type = ''] = gitea.ssh.knownHosts.split(' ');
      for (const knownHosts of [`${host} ${other[0]} ${other[1]}`, `${host} ${type} ${other[1]}`]) {
        const error = await failureOf(promote({ credentials: secret({ knownHosts }) }));
        expect(error).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
        expect(error.message).toContain('presents a host key that known_hosts of the Secret does not have');
      }
      const unknown = await failureOf(
        promote({ credentials: secret({ knownHosts: 'git.example.com ssh-rsa AA==' }) }),
      );
      expect(unknown).toMatchObject({ code: 'SecretInvalid', retry: 'never' });
      expect(unknown.message).toContain(
        `known_hosts of the Secret has no key of 127.0.0.1:${gitea.ssh.port}`,
      );
    },
    SLOW,
  );

  test(
    'refuses a key that it does not know, and one that cannot be read is said to be so',
    async () => {
      const otherKey = ed25519Keys().private;
      const refused = await failureOf(promote({ credentials: secret({ identity: otherKey }) }));
      expect(refused).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
      expect(refused.message).toContain('refuses the key');
      const locked = { identity: KEYS['ed25519 with a passphrase'].private };
      const endless = { identity: withRounds(locked.identity, 2 ** 31), password: 'p' };
      for (const change of [locked, { ...locked, password: 'wrong' }, { identity: 'no key' }, endless]) {
        const error = await failureOf(promote({ credentials: secret(change) }));
        expect(error).toMatchObject({ code: 'SecretInvalid', retry: 'never' });
        expect(error.message).toContain('The key identity of the Secret');
      }
      const { knownHosts: _, ...without } = secret();
      expect((await failureOf(promote({ credentials: without }))).message).toContain(
        'has no key known_hosts',
      );
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

  test('that is away is tried again, and a host that is not listed is not asked', async () => {
    const away = await failureOf(promote({ url: url.replace(String(gitea.ssh.port), '1') }));
    expect(away.code).toBe('HostNotAllowed');
    const strict = await testBranches({
      outbound: createOutbound({ allowed: [], insecure: ['127.0.0.1:1'] }),
    });
    const closed = `ssh://git@127.0.0.1:1/${gitea.user}/${name}.git`;
    const knownHosts = gitea.ssh.knownHosts.replace(String(gitea.ssh.port), '1');
    const error = await failureOf(
      strict.updateBranch(branchUpdate(closed, { credentials: secret({ knownHosts }) })),
    );
    expect(error).toMatchObject({ code: 'GitUnavailable', retry: 'backoff' });
    expect(error.message).toContain('the connection was refused');
    await strict.close();
  });
});

/** The key, claiming that its passphrase is stretched so often (OpenSSH's PROTOCOL.key). */
function withRounds(identity: string, rounds: number): string {
  const [first = '', ...rest] = identity.trim().split('\n');
  const bytes = Buffer.from(rest.slice(0, -1).join(''), 'base64');
  const options = bytes.indexOf('bcrypt') + 'bcrypt'.length + 4;
  bytes.writeUInt32BE(rounds, options + 4 + bytes.readUInt32BE(options));
  return [first, ...(bytes.toString('base64').match(/.{1,70}/g) ?? []), rest.at(-1), ''].join('\n');
}

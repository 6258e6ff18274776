import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitCredentialsFrom } from '../../../../src/lib/forges/credentials/credentials.ts';
import { createOutbound } from '../../../../src/lib/net/outbound.ts';
import { failureOf } from '../../../fakes/failure.ts';
import { opensslKey } from '../../stage/openssl.ts';
import { createTestRepository, type TestRepository } from '../../stage/repository.ts';
import { run } from '../../stage/run.ts';
import { BRANCH, branchUpdate, marked, type TestBranches, testBranches } from '../../stage/support.ts';
import { findSshd, GIT_SHELL, generateKey, type OpenSshServer, startOpenSsh } from './openssh.ts';

const SLOW = 120_000;
const PASSPHRASE = 'only we two';
const FILE = 'apps/prod.yaml';

/** Kinds of keys by the arguments of ssh-keygen, or of openssl genpkey; PEM is what its older versions wrote. */
const KINDS = {
  ed25519: ['-t', 'ed25519'],
  'ed25519 with a passphrase': ['-t', 'ed25519'],
  'ecdsa of 256 bits': ['-t', 'ecdsa', '-b', '256'],
  'ecdsa of 521 bits with a passphrase': ['-t', 'ecdsa', '-b', '521'],
  RSA: ['-t', 'rsa', '-b', '3072'],
  'RSA in PEM with a passphrase': ['-t', 'rsa', '-m', 'PEM'],
  'RSA of 2048 bits in PKCS#8': ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8'],
  'RSA of 4096 bits in PKCS#8 with a passphrase': ['-t', 'rsa', '-b', '4096', '-m', 'PKCS8'],
  'ecdsa of 256 bits in PKCS#8': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'ecdsa of 384 bits in PKCS#8': ['-t', 'ecdsa', '-b', '384', '-m', 'PKCS8'],
  'ecdsa of 521 bits in PKCS#8 with a passphrase': ['-t', 'ecdsa', '-b', '521', '-m', 'PKCS8'],
  'ed25519 in PKCS#8': ['-algorithm', 'ed25519'],
  'ed25519 in PKCS#8 with a passphrase': ['-algorithm', 'ed25519'],
} as const;
type Kind = keyof typeof KINDS;
const kinds = Object.keys(KINDS) as Kind[];
const isLocked = (kind: string) => kind.endsWith('with a passphrase');

const sshd = findSshd();
const keys = new Map<string, string>();
const publicKeys = new Map<string, string>();
let directory: string;
let home: string;
let server: OpenSshServer;
let branches: TestBranches;
let repository: TestRepository;
let url: string;
let unknownKey: string;
let count = 0;

/** What a host says to a key that it lets read alone. */
const READ_ONLY = `case "$SSH_ORIGINAL_COMMAND" in git-upload-pack*) ${GIT_SHELL};; *) echo "ERROR: The key you are authenticating with has been marked as read only." >&2; exit 1;; esac`;

async function newKey(name: string, args: readonly string[]): Promise<string> {
  const path = join(directory, name.replaceAll(/[ #]/g, '-'));
  const passphrase = isLocked(name) ? PASSPHRASE : '';
  const pair = args.includes('-algorithm')
    ? await opensslKey(path, { options: args.join(' ') }, passphrase)
    : await generateKey(path, args, passphrase);
  publicKeys.set(name, pair.publicKey);
  keys.set(name, pair.privateKey);
  return pair.publicKey;
}

function secret(
  name: Kind | 'reader' | 'unknown' | 'at home' = 'ed25519',
  change: Record<string, string> = {},
) {
  const identity = keys.get(name) ?? '';
  const passphrase = isLocked(name) ? { password: PASSPHRASE } : {};
  return { identity, knownHosts: server.knownHosts.ed25519, ...passphrase, ...change };
}

const promote = (changed: Parameters<typeof branchUpdate>[1] = {}) =>
  branches.updateBranch(branchUpdate(url, { credentials: secret(), ...changed }));

describe.skipIf(sshd === undefined)("OpenSSH's server", () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'turnpike-keys-'));
    const own = kinds.map(async (kind) => {
      return { publicKey: await newKey(kind, KINDS[kind]), command: GIT_SHELL };
    });
    home = await mkdtemp(join(directory, 'home-'));
    const resident = {
      publicKey: await newKey('at home', KINDS.ed25519),
      command: `echo "$SSH_ORIGINAL_COMMAND" >> ${home}/asked; HOME=${home} ${GIT_SHELL}`,
    };
    const reader = { publicKey: await newKey('reader', KINDS.ed25519), command: READ_ONLY };
    unknownKey = await newKey('unknown', KINDS.ed25519);
    server = await startOpenSsh(sshd ?? '', [...(await Promise.all(own)), reader, resident]);
    branches = await testBranches({ outbound: createOutbound({ allowed: [], insecure: [server.host] }) });
  }, SLOW);
  afterAll(async () => {
    await branches?.close();
    await server?.close();
    if (directory) await rm(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    count += 1;
    const files = { [FILE]: marked('1.0.0'), 'README.md': 'A repository.\n' };
    repository = await createTestRepository(server.directory, `app ${count}'s.git`, files);
    url = server.urlOf(encodeURIComponent(`app ${count}'s.git`));
  });

  test.each(kinds)(
    'takes a promotion and the next one, with a key of %s',
    async (kind) => {
      const credentials = secret(kind);
      for (const revision of ['2.0.0', '3.0.0']) {
        expect((await promote({ revision, credentials })).kind).toBe('pushed');
        expect(await repository.read(BRANCH, FILE)).toBe(marked(revision));
      }
      expect((await promote({ revision: '3.0.0', credentials })).kind).toBe('unchanged');
      expect(await repository.read('main', FILE)).toBe(marked('1.0.0'));
      await repository.git('fsck', '--strict', '--full');
    },
    SLOW,
  );

  /** https://github.com/fluxcd/flux2/blob/main/pkg/manifestgen/sourcesecret/sourcesecret.go */
  test.each([
    ['made by Flux', 'ecdsa of 384 bits in PKCS#8', {}],
    ['of a file, with its password', 'RSA in PEM with a passphrase', { password: PASSPHRASE }],
  ] as const)(
    'takes a promotion by a Secret of "flux create secret git" with a key %s',
    async (_, kind, rest) => {
      const secret = {
        identity: keys.get(kind) ?? '',
        'identity.pub': publicKeys.get(kind) ?? '',
        known_hosts: server.knownHosts.ecdsa.trim(),
        ...rest,
      };
      const values = new Map(Object.entries(secret).map(([key, value]) => [key, Buffer.from(value)]));
      const credentials = gitCredentialsFrom(values, 'Secret team/git');
      expect((await promote({ credentials })).kind).toBe('pushed');
    },
  );

  test(
    'takes it anew on a base that has moved, in a repository of some size',
    async () => {
      await promote();
      const files = Array.from({ length: 300 }, (_, index) => {
        return [`docs/${index}.md`, crypto.randomUUID().repeat(100)] as const;
      });
      const base = await repository.commit({ ...Object.fromEntries(files), 'new.yaml': marked('1.0.0') });
      const result = await promote({ revision: '3.0.0' });
      expect(result).toMatchObject({ kind: 'pushed', changes: [{ file: FILE }, { file: 'new.yaml' }] });
      expect(await repository.read(BRANCH, 'new.yaml')).toBe(marked('3.0.0'));
      expect((await repository.git('rev-parse', `${BRANCH}^`)).trim()).toBe(base);
    },
    SLOW,
  );

  test.each(['ed25519', 'ecdsa', 'rsa'] as const)(
    'shows its %s key to who knows no other, by name or by hash',
    async (kind) => {
      const plain = server.knownHosts[kind];
      const hashed = await hashedHosts(plain);
      expect(hashed).toStartWith('|1|');
      for (const [index, knownHosts] of [plain, hashed].entries()) {
        const revision = `2.${index}.0`;
        const credentials = secret('ed25519', { knownHosts });
        expect((await promote({ revision, credentials })).kind).toBe('pushed');
      }
    },
    SLOW,
  );

  test('is not talked to when it shows another host key than the Secret has', async () => {
    const [name, type] = server.knownHosts.ed25519.split(' ');
    const [, other] = unknownKey.split(' ');
    const credentials = secret('ed25519', { knownHosts: `${name} ${type} ${other}` });
    const error = await failureOf(promote({ credentials }));
    expect(error).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
    expect(error.message).toContain('presents a host key that known_hosts of the Secret does not have');
    expect(await repository.tip(BRANCH)).toBeUndefined();
  });

  test('refuses a key that it does not know', async () => {
    const error = await failureOf(promote({ credentials: secret('unknown') }));
    expect(error).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
    expect(error.message).toContain('refuses the key');
  });

  test.each(kinds.filter(isLocked))(
    'is not asked with a key of %s that cannot be opened',
    async (kind) => {
      for (const password of ['', 'wrong']) {
        const error = await failureOf(promote({ credentials: secret(kind, { password }) }));
        expect(error).toMatchObject({ code: 'SecretInvalid', retry: 'never' });
        expect(error.message).toContain('The key identity of the Secret');
      }
    },
    SLOW,
  );

  test('is not asked with a key that is locked as openssl did it long ago', async () => {
    const kind = { options: '-algorithm ed25519', lock: '-v1 PBE-SHA1-3DES' };
    const { privateKey } = await opensslKey(join(directory, 'pbes1'), kind, PASSPHRASE);
    const credentials = secret('ed25519', { identity: privateKey, password: PASSPHRASE });
    const error = await failureOf(promote({ credentials }));
    expect(error).toMatchObject({ code: 'SecretInvalid', retry: 'never' });
    expect(error.message).toContain('encrypted in an unsupported way; write it anew with "openssl pkcs8');
  });

  test('lets a key that may only read push nothing, in its own words', async () => {
    const error = await failureOf(promote({ credentials: secret('reader') }));
    expect(error).toMatchObject({ code: 'GitUnauthorized', retry: 'never' });
    expect(error.message).toContain('has been marked as read only');
    expect(await repository.tip(BRANCH)).toBeUndefined();
  });

  test('finds a repository below the home of a user, as Git asks for it', async () => {
    const atHome = await createTestRepository(home, `app-${count}.git`, { [FILE]: marked('1.0.0') });
    const urlAt = (path: string) => url.replace(/(:\d+)\/.*$/, `$1/${path}`);
    const credentials = secret('at home');
    const result = await promote({ url: urlAt(`~/app-${count}.git`), credentials });
    expect(result.kind).toBe('pushed');
    expect(await atHome.read(BRANCH, FILE)).toBe(marked('2.0.0'));
    for (const tilde of ['~', '%7E']) {
      await failureOf(promote({ url: urlAt(`${tilde}no-such-user/app.git`), credentials }));
    }
    const asked = new Set((await Bun.file(join(home, 'asked')).text()).trim().split('\n'));
    expect([...asked].toSorted()).toEqual([
      `git-receive-pack '~/app-${count}.git'`,
      "git-receive-pack '~no-such-user/app.git'",
      `git-upload-pack '~/app-${count}.git'`,
      "git-upload-pack '~no-such-user/app.git'",
    ]);
  });

  test('knows no such repository', async () => {
    const error = await failureOf(promote({ url: server.urlOf('no-such-thing.git') }));
    expect(error).toMatchObject({ code: 'GitRepositoryNotFound', retry: 'never' });
    expect(error.message).toContain('does not exist, or this key may not use it');
  });
});

/** As `HashKnownHosts yes` has OpenSSH write them. */
async function hashedHosts(line: string): Promise<string> {
  const file = join(directory, `known_hosts-${crypto.randomUUID()}`);
  await writeFile(file, line);
  await run(['ssh-keygen', '-q', '-H', '-f', file]);
  return Bun.file(file).text();
}

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import type { SigningKey } from '../../../../src/lib/git/sign/key.ts';
import { createKeyring, EMAIL, type Keyring, PASSPHRASE } from '../../stage/keys.ts';
import { createTestRepository, type TestRepository } from '../../stage/repository.ts';
import { run } from '../../stage/run.ts';
import { type GitServer, startGitServer } from '../../stage/server.ts';
import { BRANCH, branchUpdate, marked, type TestBranches, testBranches } from '../../stage/support.ts';

const SLOW = 120_000;
const RSA = '-algorithm RSA -pkeyopt rsa_keygen_bits';
const EC = '-algorithm EC -pkeyopt ec_paramgen_curve';
const ED25519 = { options: '-algorithm ed25519' };
/** As gpg, ssh-keygen and the library say it. */
const NOT_ITS_SIGNATURE = /BAD signature|incorrect signature|digest did not match/;

let server: GitServer;
let keyring: Keyring;
let branches: TestBranches;
let repository: TestRepository;
let url: string;
let count = 0;

beforeAll(async () => {
  server = await startGitServer();
  keyring = await createKeyring();
  branches = await testBranches();
});
afterAll(async () => {
  await branches?.close();
  await keyring?.close();
  await server?.close();
});

beforeEach(async () => {
  count += 1;
  repository = await createTestRepository(server.directory, `app-${count}.git`, {
    'a.yaml': marked('1.0.0'),
  });
  url = `${server.url}/app-${count}.git`;
});

const push = (signing: SigningKey, changed: Parameters<typeof branchUpdate>[1] = {}) =>
  branches.updateBranch(branchUpdate(url, { signing, now: new Date(), ...changed }));

/** The same commit with another message; gives its id. */
async function changedCopy(commit: string): Promise<string> {
  const text = await repository.git('cat-file', 'commit', commit);
  const command = ['git', '-C', repository.path, 'hash-object', '-t', 'commit', '-w', '--stdin'];
  return (await run(command, { input: text.replace('Promote', 'Demote') })).trim();
}

describe('a commit', () => {
  const KINDS: readonly [string, () => Promise<SigningKey>][] = [
    ['ed25519', () => keyring.ssh('-t ed25519')],
    ['ed25519 with a passphrase', () => keyring.ssh('-t ed25519', PASSPHRASE)],
    ['ecdsa of 256 bits', () => keyring.ssh('-t ecdsa -b 256')],
    ['ecdsa of 384 bits', () => keyring.ssh('-t ecdsa -b 384')],
    ['ecdsa of 521 bits', () => keyring.ssh('-t ecdsa -b 521', PASSPHRASE)],
    ['RSA', () => keyring.ssh('-t rsa -b 3072')],
    ['RSA with a passphrase', () => keyring.ssh('-t rsa -b 2048', PASSPHRASE)],
    ['RSA in PEM', () => keyring.ssh('-t rsa -b 2048 -m PEM')],
    ['RSA in PEM with a passphrase', () => keyring.ssh('-t rsa -b 2048 -m PEM', PASSPHRASE)],
    ['ecdsa in PEM with a passphrase', () => keyring.ssh('-t ecdsa -m PEM', PASSPHRASE)],
    ['RSA of 2048 bits in PKCS#8', () => keyring.ssh('-t rsa -b 2048 -m PKCS8')],
    ['RSA of 4096 bits in PKCS#8', () => keyring.openssl({ options: `${RSA}:4096` })],
    ['RSA in PKCS#8 with a passphrase', () => keyring.ssh('-t rsa -b 3072 -m PKCS8', PASSPHRASE)],
    ['ecdsa of 256 bits in PKCS#8', () => keyring.ssh('-t ecdsa -b 256 -m PKCS8')],
    ['ecdsa of 384 bits in PKCS#8', () => keyring.openssl({ options: `${EC}:P-384` })],
    [
      'ecdsa of 521 bits in PKCS#8 with a passphrase',
      () => keyring.openssl({ options: `${EC}:P-521` }, PASSPHRASE),
    ],
    ['ed25519 in PKCS#8', () => keyring.openssl(ED25519)],
    ['ed25519 in PKCS#8 with a passphrase', () => keyring.openssl(ED25519, PASSPHRASE)],
    ['ed25519 locked by scrypt', () => keyring.openssl({ ...ED25519, lock: '-scrypt' }, PASSPHRASE)],
    ['ed25519 locked by 3DES', () => keyring.openssl({ ...ED25519, lock: '-v2 des3' }, PASSPHRASE)],
    ["OpenPGP's ed25519", () => keyring.openpgp('ed25519')],
    ["OpenPGP's ed25519 with a passphrase", () => keyring.openpgp('ed25519', PASSPHRASE)],
    ["OpenPGP's ECDSA", () => keyring.openpgp('nistp256')],
    ["OpenPGP's RSA", () => keyring.openpgp('rsa3072')],
    ["OpenPGP's RSA with a passphrase", () => keyring.openpgp('rsa3072', PASSPHRASE)],
    ['a subkey of OpenPGP alone', () => keyring.subkey(PASSPHRASE)],
  ];

  test.each(KINDS)(
    'signed with %s is what git verifies, and changed it is not',
    async (_, make) => {
      const { key, ...rest } = await make();
      const signing = { key: key.trim(), ...rest };
      const result = await push(signing);
      if (result.kind !== 'pushed') throw new Error(`it was ${result.kind}`);
      await keyring.verify(repository.path, result.commit);
      expect(await repository.read(BRANCH, 'a.yaml')).toBe(marked('2.0.0'));
      await repository.git('fsck', '--strict', '--full');
      const changed = await changedCopy(result.commit);
      await expect(keyring.verify(repository.path, changed)).rejects.toThrow(NOT_ITS_SIGNATURE);
    },
    SLOW,
  );

  test('has a committer beside its author, cleaned like that', async () => {
    const people = { author: { name: 'Ada', email: EMAIL }, committer: { name: 'B<o>t\n', email: 'b@x.y' } };
    const result = await push(await keyring.ssh('-t ed25519'), people);
    const format = '--format=%an <%ae>, %cn <%ce>, %s';
    expect((await repository.git('show', '-s', format, BRANCH)).trim()).toBe(
      `Ada <${EMAIL}>, Bot <b@x.y>, Promote apps/podinfo in prod to 2.0.0`,
    );
    await keyring.verify(repository.path, 'commit' in result ? result.commit : '');
  });

  test('stays as it is when it is asked for again, by this process and by a later one', async () => {
    const signing = await keyring.ssh('-t ed25519');
    const first = await push(signing);
    const later = await testBranches();
    for (const { updateBranch } of [branches, later]) {
      const again = await updateBranch(branchUpdate(url, { signing, now: new Date(1e12) }));
      expect(again).toEqual({ ...first, kind: 'unchanged' } as typeof again);
    }
    await later.close();
  });

  test('on top of what somebody has committed to the branch is signed too', async () => {
    const signing = await keyring.ssh('-t ed25519');
    await push(signing);
    const fix = await repository.commit({ 'fix.txt': 'x' }, { branch: BRANCH });
    const result = await push(signing, { revision: '3.0.0' });
    expect(result).toMatchObject({ kind: 'pushed', others: true });
    expect((await repository.git('rev-parse', `${BRANCH}^`)).trim()).toBe(fix);
    await keyring.verify(repository.path, 'commit' in result ? result.commit : '');
  });

  test('stays unsigned when it is on its branch already', async () => {
    const first = await branches.updateBranch(branchUpdate(url));
    const again = await push(await keyring.ssh('-t ed25519'));
    expect(again).toEqual({ ...first, kind: 'unchanged' } as typeof again);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPrivateKey } from '../../src/promote/git/ssh/private-key.ts';
import { createTurns } from '../../src/promote/turn.ts';

/** Keys with a passphrase, as ssh-keygen makes them. */

const ROUNDS = 3;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-unlock-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function generate(name: string, ...options: string[]): Promise<string> {
  const file = join(directory, name);
  const process = Bun.spawn(
    ['ssh-keygen', '-q', '-N', 'right', '-a', String(ROUNDS), '-f', file, ...options],
    { stdout: 'ignore', stderr: 'inherit' },
  );
  expect(await process.exited).toBe(0);
  return readFile(file, 'utf8');
}

describe('a private key with a passphrase', () => {
  test.each([
    'aes256-ctr',
    'aes192-ctr',
    'aes128-ctr',
    'aes256-cbc',
    'aes192-cbc',
    'aes128-cbc',
    'aes256-gcm@openssh.com',
    'aes128-gcm@openssh.com',
  ])('is opened by it and by no other one, with %s', async (cipher) => {
    const text = await generate(cipher, '-t', 'ed25519', '-Z', cipher);
    const read = await readPrivateKey(text, 'right');
    expect(read).toMatchObject({ kind: 'read', key: { type: 'ssh-ed25519' } });
    expect(await readPrivateKey(text, 'wrong')).toEqual({ kind: 'locked' });
    expect(await readPrivateKey(text, '')).toEqual({ kind: 'locked' });
    expect(await readPrivateKey(text, undefined)).toEqual({ kind: 'locked' });
  });

  test.each([
    ['rsa', '2048', 'ssh-rsa'],
    ['ecdsa', '521', 'ecdsa-sha2-nistp521'],
  ] as const)('is opened, of type %s', async (type, bits, name) => {
    const text = await generate(type, '-t', type, '-b', bits);
    expect(await readPrivateKey(text, 'right')).toMatchObject({ kind: 'read', key: { type: name } });
  });

  test('takes a turn for each round', async () => {
    const turn = createTurns().job();
    let turns = 0;
    const text = await generate('turns', '-t', 'ed25519', '-Z', 'aes256-ctr');
    await readPrivateKey(text, 'right', () => {
      turns += 1;
      return turn();
    });
    // The key and what it starts from have 48 bytes, and a block of the derivation has 32.
    expect(turns).toBe(2 * ROUNDS);
  });
});

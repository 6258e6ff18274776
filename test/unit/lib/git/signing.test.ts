import { describe, expect, test } from 'bun:test';
import { utils } from 'ssh2';
import { TurnpikeError } from '../../../../src/lib/errors.ts';
import type { KeyLane } from '../../../../src/lib/git/key-lane.ts';
import type { OpenKey, SigningKey } from '../../../../src/lib/git/sign/key.ts';
import { createSigners } from '../../../../src/lib/git/sign.ts';
import { createFakeSchedule, settled } from '../../../fakes/schedule.ts';
import { ed25519Keys } from '../../../fakes/ssh-keys.ts';

const NOW = new Date('2026-11-21T10:00:00Z');
const PAYLOAD = Buffer.from('tree of the commit\n');

/** A reader of SSH's strings, each with its length in front. */
function stringsOf(bytes: Buffer): Buffer[] {
  const strings: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    strings.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return strings;
}

async function blobOf(key: string): Promise<{ readonly head: string; readonly fields: Buffer[] }> {
  const armored = await createSigners()({ key }, NOW)(PAYLOAD);
  const [first, ...lines] = armored.trimEnd().split('\n');
  expect(first).toBe('-----BEGIN SSH SIGNATURE-----');
  expect(lines.pop()).toBe('-----END SSH SIGNATURE-----');
  expect(Math.max(...lines.map((line) => line.length))).toBe(70);
  const blob = Buffer.from(lines.join(''), 'base64');
  return { head: blob.toString('hex', 0, 10), fields: stringsOf(blob.subarray(10)) };
}

describe('an SSH signature', () => {
  const NAMES = [
    ['ssh-ed25519', () => ed25519Keys()],
    ['ecdsa-sha2-nistp256', () => utils.generateKeyPairSync('ecdsa', { bits: 256 })],
    ['ecdsa-sha2-nistp384', () => utils.generateKeyPairSync('ecdsa', { bits: 384 })],
    ['ecdsa-sha2-nistp521', () => utils.generateKeyPairSync('ecdsa', { bits: 521 })],
    ['rsa-sha2-512', () => utils.generateKeyPairSync('rsa', { bits: 2048 })],
  ] as const;

  test.each(NAMES)('of the kind %s has the fields of PROTOCOL.sshsig', async (name, generate) => {
    const pair = generate();
    const { head, fields } = await blobOf(pair.private);
    const [publicKey, namespace, reserved, hash, signature] = fields;
    expect(head).toBe(Buffer.from('SSHSIG\0\0\0\u0001').toString('hex'));
    expect(publicKey?.toString('base64')).toBe(pair.public.split(' ')[1] ?? '');
    expect([namespace, reserved, hash].map(String)).toEqual(['git', '', 'sha512']);
    expect(String(stringsOf(signature ?? Buffer.alloc(0))[0])).toBe(name);
    expect(fields).toHaveLength(5);
  });

  test('by ecdsa has two positive numbers without zeros in front, of whatever length', async () => {
    const { private: key } = utils.generateKeyPairSync('ecdsa', { bits: 521 });
    const lengths = new Set<number>();
    for (let index = 0; index < 100; index += 1) {
      const { fields } = await blobOf(key);
      const numbers = stringsOf(stringsOf(fields[4] ?? Buffer.alloc(0))[1] ?? Buffer.alloc(0));
      expect(numbers).toHaveLength(2);
      for (const [first = 0, second = 0, ...rest] of numbers) {
        expect(first).toBeLessThan(0x80);
        if (first === 0) expect(second).toBeGreaterThan(0x7f);
        lengths.add(rest.length + 2);
      }
    }
    expect(lengths.size).toBeGreaterThan(1);
  });
});

describe('an open key', () => {
  /** Counts what is opened; `fails` once says that the next one cannot be. */
  function counting() {
    const seen: string[] = [];
    const state = { seen, running: 0, most: 0, fails: false };
    const open = async ({ key }: SigningKey): Promise<OpenKey> => {
      seen.push(key);
      state.running += 1;
      state.most = Math.max(state.most, state.running);
      await settled();
      state.running -= 1;
      if (state.fails) throw new TurnpikeError('SecretInvalid', 'no', { retry: 'backoff' });
      return async (payload) => `${key} ${payload}`;
    };
    return { state, open };
  }
  const locked = { key: 'a', passphrase: 'p' };

  test('is kept while it has a passphrase, for a time', async () => {
    const { state, open } = counting();
    const { schedule, pass } = createFakeSchedule();
    const signerOf = createSigners({ open, schedule });
    const twice = [signerOf(locked, NOW), signerOf({ ...locked }, NOW)];
    expect(await Promise.all(twice.map((sign) => sign(PAYLOAD)))).toEqual([`a ${PAYLOAD}`, `a ${PAYLOAD}`]);
    expect(state.seen).toEqual(['a']);
    await signerOf({ ...locked, passphrase: 'q' }, NOW)(PAYLOAD);
    expect(state.seen).toEqual(['a', 'a']);
    await pass(299);
    await signerOf(locked, NOW)(PAYLOAD);
    expect(state.seen).toEqual(['a', 'a']);
    await pass(1);
    await signerOf(locked, NOW)(PAYLOAD);
    expect(state.seen).toEqual(['a', 'a', 'a']);
  });

  test('without a passphrase is read each time, and only when it signs', async () => {
    const { state, open } = counting();
    const sign = createSigners({ open })({ key: 'a' }, NOW);
    expect(state.seen).toEqual([]);
    await sign(PAYLOAD);
    await sign(PAYLOAD);
    expect(state.seen).toEqual(['a', 'a']);
  });

  test('is opened where all keys are, round by round, and no further for who has given up', async () => {
    const { private: key } = ed25519Keys({ passphrase: 'p', cipher: 'aes256-ctr', rounds: 16 });
    const ended = new AbortController();
    let rounds = 0;
    const turn = async () => {
      rounds += 1;
      if (rounds === 3) ended.abort(new Error('given up'));
      ended.signal.throwIfAborted();
    };
    const lane: KeyLane = { run: (open) => open(turn) };
    const signer = createSigners({ lane })({ key, passphrase: 'p' }, NOW, { signal: ended.signal });
    await expect(signer(PAYLOAD)).rejects.toThrow('given up');
    expect(rounds).toBe(3);
  });

  test('that could not be opened is tried again', async () => {
    const { state, open } = counting();
    const signerOf = createSigners({ open });
    state.fails = true;
    await expect(signerOf(locked, NOW)(PAYLOAD)).rejects.toThrow('no');
    state.fails = false;
    expect(await signerOf(locked, NOW)(PAYLOAD)).toBe(`a ${PAYLOAD}`);
  });

  test('is opened after the one before it, and no more than 100 are kept', async () => {
    const { state, open } = counting();
    const signerOf = createSigners({ open });
    const keys = Array.from({ length: 101 }, (_, index) => ({ key: `${index}`, passphrase: 'p' }));
    await Promise.all(keys.map((key) => signerOf(key, NOW)(PAYLOAD)));
    expect(state.most).toBe(1);
    expect(state.seen).toHaveLength(101);
    await signerOf({ key: '100', passphrase: 'p' }, NOW)(PAYLOAD);
    expect(state.seen).toHaveLength(101);
    await signerOf({ key: '0', passphrase: 'p' }, NOW)(PAYLOAD);
    expect(state.seen).toHaveLength(102);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  coversNames,
  isPair,
  isSignedBy,
  needsRenewal,
  splitBundle,
} from '../../../../src/lib/kube/certificates/certificate.ts';
import { fileCertificates } from '../../../../src/lib/kube/certificates/files.ts';
import { generateAuthority, generateLeaf } from '../../../../src/lib/kube/certificates/generate.ts';
import { renewedState, trustedBundle } from '../../../../src/lib/kube/certificates/renew.ts';
import { createFakeLog } from '../../../fakes/log.ts';
import { run } from '../../../lab/command.ts';
import { waitUntil } from '../../../lab/wait.ts';

const DAY = 24 * 3600 * 1000;
const NAMES = { dns: ['hook.system.svc'], ip: ['127.0.0.1', '::1'] };
const START = new Date('2026-11-21T10:00:00.000Z');

function after(days: number): Date {
  return new Date(START.getTime() + days * DAY);
}

describe('generated certificates', () => {
  test.each([
    [-1, true, true],
    [0, false, false],
    [4.6, false, false],
    [4.7, true, false],
    [243, true, false],
    [244, true, true],
    [400, true, true],
  ])('after %d days: a renewal of the leaf %p, of the authority %p', async (days, leaf, authority) => {
    const ca = await generateAuthority(START);
    expect(needsRenewal((await generateLeaf(ca, NAMES, START)).cert, after(days))).toBe(leaf);
    expect(needsRenewal(ca.cert, after(days))).toBe(authority);
  });

  test('are valid for an API server whose clock is most of an hour behind', async () => {
    const ca = await generateAuthority(START);
    const leaf = await generateLeaf(ca, NAMES, START);
    for (const { cert } of [ca, leaf]) {
      const { validFrom } = new X509Certificate(cert);
      expect(START.getTime() - Date.parse(validFrom)).toBe(3600 * 1000);
    }
  });

  test.each([undefined, '', 'nonsense'])('%p is to be renewed', (pem) => {
    expect(needsRenewal(pem, START)).toBe(true);
  });

  test('hold for the names that they were made for and no others', async () => {
    const ca = await generateAuthority(START);
    const other = await generateAuthority(START);
    const leaf = await generateLeaf(ca, NAMES, START);
    expect(coversNames(leaf.cert, NAMES)).toBe(true);
    expect(coversNames(leaf.cert, { dns: ['other.svc'], ip: [] })).toBe(false);
    expect(coversNames(leaf.cert, { dns: [], ip: ['127.0.0.2'] })).toBe(false);
    expect(isSignedBy(leaf.cert, ca.cert)).toBe(true);
    expect(isSignedBy(leaf.cert, other.cert)).toBe(false);
    expect(isPair(leaf)).toBe(true);
    expect(isPair({ cert: leaf.cert, key: ca.key })).toBe(false);
    expect(isPair({ cert: leaf.cert, key: 'nonsense' })).toBe(false);
    expect(splitBundle(ca.cert + leaf.cert)).toEqual([ca.cert, leaf.cert]);
  });

  test('are good in the eyes of openssl, strictly', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'turnpike-openssl-'));
    const ca = await generateAuthority(new Date());
    const leaf = await generateLeaf(ca, NAMES, new Date());
    await writeFile(join(folder, 'ca.pem'), ca.cert);
    await writeFile(join(folder, 'leaf.pem'), leaf.cert);
    const verify = [
      'openssl',
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-verify_hostname',
      'hook.system.svc',
    ];
    const result = await run([...verify, '-CAfile', join(folder, 'ca.pem'), join(folder, 'leaf.pem')]);
    await rm(folder, { recursive: true });
    expect(result).toMatchObject({ code: 0 });
  });
});

describe('the state of the certificates', () => {
  test('is made whole where there is nothing, or nothing of use', async () => {
    for (const empty of [{}, { authority: { cert: '', key: '' }, leaf: { cert: 'x', key: 'y' } }]) {
      const state = await renewedState(empty, NAMES, START);
      expect(isSignedBy(state.leaf.cert, state.authority.cert)).toBe(true);
      expect(state.previousAuthority).toBeUndefined();
      expect(trustedBundle(state)).toBe(state.authority.cert);
    }
  });

  test('stays while all is well', async () => {
    const state = await renewedState({}, NAMES, START);
    expect(await renewedState(state, NAMES, after(4.6))).toEqual(state);
  });

  test('gets a new leaf when that is due, was made for other names, or does not fit', async () => {
    const state = await renewedState({}, NAMES, START);
    const moved = { dns: ['elsewhere.example'], ip: [] };
    const foreign = { ...state, leaf: (await renewedState({}, NAMES, START)).leaf };
    const renewals = [
      await renewedState(state, NAMES, after(5)),
      await renewedState(state, moved, START),
      await renewedState(foreign, NAMES, START),
    ];
    for (const next of renewals) {
      expect(next.authority).toEqual(state.authority);
      expect(next.leaf.cert).not.toBe(state.leaf.cert);
      expect(isSignedBy(next.leaf.cert, state.authority.cert)).toBe(true);
    }
  });

  test('trusts the old authority beside the new one until every replica has changed', async () => {
    const old = await renewedState({}, NAMES, START);
    const changed = await renewedState(old, NAMES, after(244));
    expect(changed.authority).not.toEqual(old.authority);
    expect(trustedBundle(changed)).toBe(changed.authority.cert + old.authority.cert);
    const moved = { dns: ['elsewhere.example'], ip: [] };
    expect((await renewedState(changed, moved, after(244.01))).previousAuthority).toBe(old.authority.cert);
    const later = await renewedState(changed, NAMES, after(249));
    expect(later.authority).toEqual(changed.authority);
    expect(trustedBundle(later)).toBe(changed.authority.cert);
  });

  test('does not trust an authority beyond its end', async () => {
    const old = await renewedState({}, NAMES, START);
    expect((await renewedState(old, NAMES, after(400))).previousAuthority).toBeUndefined();
  });
});

describe('certificates from files', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'turnpike-certificates-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function newPair(): Promise<{ cert: string; key: string }> {
    const pair = await generateAuthority(new Date());
    await Promise.all([
      writeFile(join(folder, 'tls.crt'), pair.cert),
      writeFile(join(folder, 'tls.key'), pair.key),
    ]);
    return pair;
  }

  test('are missed with a sentence', async () => {
    const none = fileCertificates('/nowhere', { name: 'hook', ...createFakeLog() });
    await expect(none.ensure()).rejects.toThrow('/nowhere/tls.');
    await newPair();
    await writeFile(join(folder, 'tls.key'), 'nonsense');
    const damaged = fileCertificates(folder, { name: 'hook', ...createFakeLog() });
    await expect(damaged.ensure()).rejects.toThrow('are not a certificate and its private key');
  });

  test('are read again when they change, half-changed ones left aside', async () => {
    const first = await newPair();
    const { log, lines } = createFakeLog();
    const certificates = fileCertificates(folder, { name: 'hook', log, pollMs: 5 });
    expect(await certificates.ensure()).toEqual(first);

    const stop = new AbortController();
    const seen: unknown[] = [];
    const running = certificates.run(async (pair) => {
      seen.push(pair);
      if (seen.length === 1) throw new Error('port taken');
    }, stop.signal);
    await writeFile(join(folder, 'tls.key'), 'half');
    await waitUntil('the complaint', () => lines.length > 0, { seconds: 5, everyMs: 5 });
    expect(seen).toEqual([]);
    const second = await newPair();
    await waitUntil('the second attempt', () => seen.length > 1, { seconds: 5, everyMs: 5 });
    stop.abort();
    await running;
    expect(seen).toEqual([second, second]);
  });
});

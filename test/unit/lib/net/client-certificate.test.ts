import { beforeAll, describe, expect, test } from 'bun:test';
import { createPrivateKey } from 'node:crypto';
import { certificateFault, clientCertificateOf } from '../../../../src/lib/net/client-certificate.ts';
import { longKey } from '../../../fakes/long-key.ts';
import { createClientCertificate, type KeyPair } from '../../../lab/certificates.ts';

let one: KeyPair;
let other: KeyPair;
let authority: string;

beforeAll(async () => {
  const made = await createClientCertificate('one');
  authority = made.ca;
  one = made.client;
  other = (await createClientCertificate('other')).client;
});

const readIn = (keys: Readonly<Record<string, string>>) => (key: string) => keys[key];
const faultOf = (keys: Readonly<Record<string, string>>) => certificateFault('Secret team/tls', readIn(keys));

describe('a client certificate', () => {
  test('is read by the names that Flux has, and the newer ones win', () => {
    const older = { certFile: other.cert, keyFile: other.key };
    expect(clientCertificateOf(readIn(older))).toEqual(other);
    expect(clientCertificateOf(readIn({ ...older, 'tls.crt': one.cert, 'tls.key': one.key }))).toEqual(one);
    expect(clientCertificateOf(readIn({ 'tls.crt': one.cert }))).toBeUndefined();
  });

  test('may bring the certificates of its issuers, behind itself', () => {
    expect(faultOf({ 'tls.crt': `${one.cert}\n${authority}`, 'tls.key': one.key })).toBeUndefined();
  });

  test('brings none that cannot be read, with which no connection is opened', async () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
    const chain = `${one.cert}\n${broken}`;
    expect(faultOf({ 'tls.crt': chain, 'tls.key': one.key })).toBe(
      "Secret team/tls has a key tls.crt with a certificate that cannot be read: use the client's, followed only by those of the authorities above it.",
    );
    const tls = { cert: chain, key: one.key };
    // It does not come as far as the port, where nothing listens.
    await expect(fetch('https://127.0.0.1:1/', { tls })).rejects.toMatchObject({
      code: 'FailedToOpenSocket',
    });
  });

  test('is no other one than its private key belongs to', () => {
    expect(faultOf({ 'tls.crt': one.cert, 'tls.key': other.key })).toBe(
      'Secret team/tls has a key tls.key that does not belong to the certificate in tls.crt: use a matching pair.',
    );
  });

  test('has a private key without a passphrase', () => {
    const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' } as const;
    const locked = createPrivateKey(one.key).export(options).toString();
    expect(faultOf({ certFile: one.cert, keyFile: locked })).toBe(
      'Secret team/tls has a key keyFile with a passphrase: use a private key without one.',
    );
  });

  test('signs in no time that others would wait for', () => {
    for (const bits of [8704, 16_384]) {
      expect(faultOf({ 'tls.crt': one.cert, 'tls.key': longKey(bits) })).toBe(
        'Secret team/tls has a key tls.key with an RSA key of more than 8192 bits: make a shorter one.',
      );
    }
    expect(faultOf({ 'tls.crt': one.cert, 'tls.key': longKey(8192) })).toContain('does not belong to');
  });

  test.each([
    ['no certificate', { 'tls.crt': 'hunter2' }, 'tls.crt that holds no certificate in PEM'],
    ['no private key', { 'tls.key': 'hunter2' }, 'tls.key that holds no private key in PEM'],
    ['too much', { 'tls.crt': 'hunter2'.repeat(10_000) }, 'tls.crt of more than 65536 bytes'],
  ] as const)('is refused where it is %s, and not shown', (_, change, words) => {
    const fault = faultOf({ 'tls.crt': one.cert, 'tls.key': one.key, ...change });
    expect(fault).toContain(`Secret team/tls has a key ${words}`);
    expect(fault).not.toContain('hunter2');
  });
});

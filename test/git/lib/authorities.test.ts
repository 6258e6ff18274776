import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { gitCredentialsFrom } from '../../../src/lib/forges/credentials/credentials.ts';
import { createOutbound } from '../../../src/lib/net/outbound.ts';
import { createProxyFor } from '../../../src/lib/net/proxy.ts';
import { failureOf } from '../../fakes/failure.ts';
import { startFakeProxy } from '../../fakes/proxy.ts';
import { type Authority, rootAuthority } from '../../lab/authorities.ts';
import type { KeyPair } from '../../lab/certificates.ts';

/** What a certificate authority in a Secret makes of servers, as Go's x509.CertPool would have it. */

const HOST = 'git.example';
const BROKEN = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const OTHER_BLOCK = '-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n';

let root: Authority;
let intermediate: Authority;
let other: Authority;
/** The certificate alone. */
let server: KeyPair;
let chain: KeyPair;
let running: ReturnType<typeof Bun.serve> | undefined;

beforeAll(async () => {
  [root, other] = await Promise.all([rootAuthority('root'), rootAuthority('other')]);
  intermediate = await root.below('intermediate');
  server = await intermediate.server([HOST]);
  chain = { ...server, cert: server.cert + intermediate.cert };
});
afterEach(() => running?.stop(true));

function serve(tls: KeyPair): string {
  running = Bun.serve({ hostname: '127.0.0.1', port: 0, tls, fetch: () => new Response('here') });
  return `https://127.0.0.1:${running.port}`;
}

function authorityOf(secret: Readonly<Record<string, string>>): string {
  const values = Object.entries({ token: 't', ...secret }).map(([key, value]) => {
    return [key, new TextEncoder().encode(value)] as const;
  });
  return gitCredentialsFrom(new Map(values), 'Secret team/git').caFile ?? '';
}

const outbound = createOutbound({ allowed: [], insecure: ['127.0.0.1', 'localhost'] });

async function ask(url: string, secret: Readonly<Record<string, string>>): Promise<string> {
  return (await outbound.send({ url, ca: authorityOf(secret) })).text();
}

describe('a server is trusted', () => {
  const TEXTS: readonly [string, () => string, () => KeyPair][] = [
    ['signed by the first of two authorities', () => root.cert + other.cert, () => chain],
    ['signed by the second of two authorities', () => other.cert + root.cert, () => chain],
    ['with text around the authority', () => `# ours:\n${root.cert}\nissuer=CN=x\n`, () => chain],
    ['with line ends of Windows', () => (other.cert + root.cert).replaceAll('\n', '\r\n'), () => chain],
    ['with blocks of other types before it', () => OTHER_BLOCK + server.key + root.cert, () => chain],
    ['with a broken certificate before it', () => BROKEN + root.cert, () => chain],
    ['with a broken certificate behind it', () => root.cert + BROKEN, () => chain],
    ['with the intermediate authority alone, which the server sends', () => intermediate.cert, () => chain],
    ['with the intermediate authority alone, which it does not send', () => intermediate.cert, () => server],
    ['that sends no intermediate one, with both', () => root.cert + intermediate.cert, () => server],
    ['whose own certificate is there', () => server.cert, () => server],
  ];
  test.each(TEXTS)('%s', async (_, text, tls) => {
    expect(await ask(serve(tls()), { 'ca.crt': text() })).toBe('here');
  });

  test('where two authorities have one name, by either', async () => {
    const namesake = await rootAuthority('root');
    const ca = { 'ca.crt': namesake.cert + root.cert };
    const url = serve(await root.server());
    expect(await ask(url, ca)).toBe('here');
    await running?.stop(true);
    expect(await ask(serve(await namesake.server()), ca)).toBe('here');
  });

  test('by ca.crt where caFile is another one, as Flux does it', async () => {
    const url = serve(chain);
    expect(await ask(url, { 'ca.crt': root.cert, caFile: other.cert })).toBe('here');
    await failureOf(ask(url, { 'ca.crt': other.cert, caFile: root.cert }));
    expect(await ask(url, { 'ca.crt': ' \n', caFile: root.cert })).toBe('here');
  });

  test('behind a proxy with the intermediate authority alone', async () => {
    const port = Number(new URL(serve(chain)).port);
    const proxy = await startFakeProxy({ routes: { [`${HOST}:443`]: port } });
    const proxyFor = createProxyFor({ http: '', https: `http://${proxy.host}`, except: '' });
    const behind = createOutbound({ allowed: [], insecure: [] }, { proxyFor });
    const url = `https://${HOST}/`;
    const answer = await behind.send({ url, ca: authorityOf({ 'ca.crt': intermediate.cert }) });
    expect(await answer.text()).toBe('here');
    await failureOf(behind.send({ url, ca: authorityOf({ 'ca.crt': other.cert }) }));
    await proxy.stop();
  });
});

describe('a server is not trusted', () => {
  test.each([
    ['that sends no intermediate authority, with the root alone', () => root.cert, () => server],
    ['of another authority', () => other.cert, () => chain],
  ] as const)('%s', async (_, text, tls) => {
    const error = await failureOf(ask(serve(tls()), { 'ca.crt': text() }));
    expect(error).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
    expect(error.message).toContain('its certificate is not trusted');
    expect(error.message).toContain('a private CA goes into ca.crt or caFile of the Secret');
  });
});

test.each([
  [
    'for other names',
    'its certificate is for other names',
    async () => serve(server).replace('127.0.0.1', 'localhost'),
  ],
  ['that has expired', 'has expired', async () => serve(await root.server([], -1))],
] as const)('a server with a certificate %s is said to have that', async (_, sentence, start) => {
  const ca = { 'ca.crt': root.cert + intermediate.cert };
  const error = await failureOf(ask(await start(), ca));
  expect(error.message).toContain(sentence);
});

test('a certificate authority that nobody can read is refused', async () => {
  const error = await failureOf(Promise.resolve().then(() => authorityOf({ 'ca.crt': BROKEN })));
  expect(error).toMatchObject({ code: 'SecretInvalid', retry: 'never' });
  expect(error.message).toContain('key ca.crt that holds no certificate that can be read, and 1 that cannot');
});

afterAll(() => running?.stop(true));

import { afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { credentialsFrom } from '../../src/lib/forges/credentials/credentials.ts';
import { createForge } from '../../src/lib/forges/registry.ts';
import type { ForgeType } from '../../src/lib/forges/types.ts';
import { failureOf } from '../fakes/failure.ts';
import { forgeDeps } from '../fakes/forge-deps.ts';
import {
  type ClusterCertificates,
  createClientCertificate,
  createClusterCertificates,
} from '../lab/certificates.ts';

/** The API of a forge, asked with Secrets as Flux has them. */

let certificates: ClusterCertificates;
let clients: Awaited<ReturnType<typeof createClientCertificate>>;
let server: { readonly url: URL; stop(force: boolean): Promise<void> };
const authorizations: (string | null)[] = [];

beforeAll(async () => {
  certificates = await createClusterCertificates();
  clients = await createClientCertificate('clients');
});
afterEach(() => server.stop(true));

/** A forge without a pull request, which lets nobody in but clients of the authority. */
function start(): string {
  authorizations.length = 0;
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    tls: { ...certificates.apiserver, ca: clients.ca, requestCert: true, rejectUnauthorized: true },
    fetch(request) {
      authorizations.push(request.headers.get('authorization'));
      return Response.json({ message: 'Not Found' }, { status: 404 });
    },
  });
  return server.url.origin;
}

function ask(type: ForgeType, url: string, keys: Readonly<Record<string, string>>) {
  const values = new Map(Object.entries(keys).map(([key, value]) => [key, new TextEncoder().encode(value)]));
  const credentials = credentialsFrom(values, 'Secret team/forge', type);
  if ('app' in credentials) throw new Error('it is an app');
  return createForge(type, url, credentials, forgeDeps()).get(1);
}

const FORGES: readonly (readonly [ForgeType, string, string, string])[] = [
  ['github', '/acme/fleet', 'token t', 'token t'],
  ['gitea', '/acme/fleet', 'token t', 'token t'],
  ['gitlab', '/acme/fleet', 'Bearer t', 'Bearer t'],
  ['bitbucket-server', '/scm/ACME/fleet.git', 'Bearer t', 'Bearer t'],
  ['azure-devops', '/acme/_git/fleet', `Basic ${Buffer.from(':t').toString('base64')}`, 'Bearer t'],
];

describe.each(FORGES)('the API of %s', (type, path, withToken, withBearer) => {
  test('is shown the client certificate', async () => {
    const url = `${start()}${path}`;
    const tls = { 'tls.crt': clients.client.cert, 'tls.key': clients.client.key, 'ca.crt': certificates.ca };
    expect(await ask(type, url, { token: 't', ...tls })).toBeUndefined();
    expect(await failureOf(ask(type, url, { token: 't', 'ca.crt': certificates.ca }))).toMatchObject({
      code: 'ForgeUnavailable',
    });
    expect(authorizations).toEqual([withToken]);
  });

  test('takes bearerToken where the Secret has no token', async () => {
    const url = `${start()}${path}`;
    const tls = { 'tls.crt': clients.client.cert, 'tls.key': clients.client.key, 'ca.crt': certificates.ca };
    await ask(type, url, { bearerToken: 't', ...tls });
    await ask(type, url, { bearerToken: 'g', token: 't', ...tls });
    expect(authorizations).toEqual([withBearer, withToken]);
  });
});

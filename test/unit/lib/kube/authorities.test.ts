import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { KubeConfig } from '@kubernetes/client-node';
import { createKubeClient } from '../../../../src/lib/kube/client/transport.ts';
import { createAuthorities } from '../../../../src/lib/kube/kubeconfig/credentials.ts';
import { type Authority, rootAuthority } from '../../../lab/authorities.ts';

const BROKEN = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

let root: Authority;
let intermediate: Authority;
let other: Authority;
let server: ReturnType<typeof Bun.serve>;

beforeAll(async () => {
  [root, other] = await Promise.all([rootAuthority('root'), rootAuthority('other')]);
  intermediate = await root.below('intermediate');
  const { cert, key } = await intermediate.server();
  const tls = { cert: cert + intermediate.cert, key };
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    tls,
    fetch: () => Response.json({ major: '1' }),
  });
});
afterAll(() => server.stop(true));

async function versionBy(authorities: string): Promise<unknown> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    {
      name: 'leaf',
      server: `https://127.0.0.1:${server.port}`,
      caData: Buffer.from(authorities).toString('base64'),
      skipTLSVerify: false,
    },
    { name: 'us', token: 'a token' },
  );
  const client = createKubeClient(kubeConfig);
  try {
    return await client.request({ method: 'GET', path: '/version', timeoutMs: 5_000 });
  } finally {
    client.close();
  }
}

/** As client-go takes a kubeconfig's certificate-authority-data. */
describe('an API server is trusted', () => {
  const TRUSTED: readonly [string, () => string][] = [
    ['by its root', () => root.cert],
    ['by the second of two authorities', () => other.cert + root.cert],
    ['by the intermediate authority alone', () => intermediate.cert],
    ['beside a broken certificate and other text', () => `ours:\n${BROKEN}${root.cert}`],
  ];
  test.each(TRUSTED)('%s', async (_, authorities) => {
    expect(await versionBy(authorities())).toEqual({ major: '1' });
  });

  test('by authorities that are read again only where they have changed', () => {
    const read = createAuthorities();
    const first = read(root.cert);
    expect(first).toMatchObject({ ca: root.cert });
    expect(read(Buffer.from(root.cert))).toBe(first);
    expect(read(other.cert)).toMatchObject({ ca: other.cert });
    expect(read(undefined)).toEqual({});
  });

  const UNTRUSTED: readonly [string, () => string][] = [
    ['another authority', () => other.cert],
    ['nothing that can be read', () => BROKEN],
  ];
  test.each(UNTRUSTED)('never by %s', async (_, authorities) => {
    await expect(versionBy(authorities())).rejects.toThrow('cannot be reached');
  });
});

import { describe, expect, test } from 'bun:test';
import { reachedBy, recordOf } from '../../../src/decide/model/recorded-repository.ts';

describe('the record of a repository', () => {
  const settings = { url: 'https://git.example.com/acme/fleet', secretRef: { name: 'forge' } };

  test('says how it is reached, with the Secrets of their own for TLS and a proxy', () => {
    const whole = {
      ...settings,
      type: 'gitea' as const,
      certSecretRef: { name: 'tls' },
      proxySecretRef: { name: 'proxy' },
    };
    expect(recordOf(whole)).toEqual({
      url: 'https://git.example.com/acme/fleet',
      type: 'gitea',
      secret: 'forge',
      certSecret: 'tls',
      proxySecret: 'proxy',
    });
    expect(reachedBy(recordOf(whole))).toEqual(whole);
  });

  test('is as an earlier version made it, where there are none', () => {
    expect(recordOf(settings)).toEqual({ url: settings.url, secret: 'forge' });
    expect(reachedBy(recordOf(settings))).toEqual(settings);
  });
});

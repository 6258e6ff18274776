import { describe, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import {
  createCredentialSource,
  tokenFileProvider,
} from '../../../../src/lib/kube/kubeconfig/credentials.ts';

async function withToken(work: (path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-token-'));
  try {
    await work(join(directory, 'token'));
  } finally {
    await rm(directory, { recursive: true });
  }
}

function sourceOf(path: string) {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'it', server: 'https://example.invalid' }],
    users: [{ name: 'us', authProvider: tokenFileProvider(path) }],
    contexts: [{ name: 'there', cluster: 'it', user: 'us' }],
    currentContext: 'there',
  });
  const source = createCredentialSource(config);
  return { ...source, token: async () => (await source.current()).headers.Authorization };
}

describe('the token in a file', () => {
  test('is read once for all who need it, and again once the server did not accept it', async () => {
    await withToken(async (path) => {
      const { token, invalidate } = sourceOf(path);
      await writeFile(path, 'one\n');
      expect(await Promise.all([token(), token()])).toEqual(['Bearer one', 'Bearer one']);
      await writeFile(path, 'two\n');
      expect(await token()).toBe('Bearer one');
      invalidate();
      expect(await token()).toBe('Bearer two');
    });
  });

  test('is not kept where it was being read when the server did not accept the one before', async () => {
    await withToken(async (path) => {
      const { current, token, invalidate } = sourceOf(path);
      await writeFile(path, 'one\n');
      const early = current();
      invalidate();
      await early;
      await writeFile(path, 'two\n');
      expect(await token()).toBe('Bearer two');
    });
  });

  test('is missed in a sentence, and looked for again', async () => {
    await withToken(async (path) => {
      const { token } = sourceOf(path);
      await expect(token()).rejects.toThrow("The credentials of the kubeconfig's user cannot be obtained: ");
      await writeFile(path, 'one\n');
      expect(await token()).toBe('Bearer one');
    });
  });
});

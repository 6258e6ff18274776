import { afterEach, describe, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CertifiedServer, startCertified } from '../../../src/cli/serve/certified.ts';
import { type Server, startServer } from '../../../src/http/server/server.ts';
import { fileCertificates } from '../../../src/lib/kube/certificates/files.ts';
import { generateAuthority, generateLeaf } from '../../../src/lib/kube/certificates/generate.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { waitUntil } from '../../lab/wait.ts';

const NAMES = { dns: ['localhost'], ip: ['127.0.0.1'] };
const folders: string[] = [];
const running: CertifiedServer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop(1)));
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

/** The promotion webhook's listener with the certificate of a directory that is empty yet. */
async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-hook-'));
  folders.push(folder);
  const { log, lines } = createFakeLog();
  let started: Server | undefined;
  const certified = startCertified({
    what: 'promotion webhook',
    certificates: () => fileCertificates(folder, { name: 'hook', log, pollMs: 5 }),
    start: (certificate) => {
      const fetchSource = (_: Request, { source }: { source: string }) => new Response(source);
      started = startServer({ name: 'hook', address: '127.0.0.1:0', fetch: fetchSource, certificate, log });
      return started;
    },
    onCertificate: () => {},
    log,
  });
  running.push(certified);
  return {
    certified,
    lines,
    async write() {
      const authority = await generateAuthority(new Date());
      const { cert, key } = await generateLeaf(authority, NAMES, new Date());
      await Promise.all([writeFile(join(folder, 'tls.crt'), cert), writeFile(join(folder, 'tls.key'), key)]);
      return authority.cert;
    },
    ask: async (ca: string) =>
      await (await fetch(`https://${started?.address}`, { tls: { ca }, keepalive: false })).text(),
  };
}

describe('a listener with the certificate of a directory', () => {
  test('says why it is not ready, and is there once the files are', async () => {
    const { certified, write, ask } = await start();
    expect(certified.problems()).toEqual(['The promotion webhook has no certificate yet.']);
    await waitUntil('the look', () => certified.problems()[0]?.includes('cannot be read') === true);
    const authority = await write();
    await waitUntil('the listener', () => certified.problems().length === 0);
    expect(await ask(authority)).toBe('127.0.0.1');
  });

  test('shows another certificate when the files change', async () => {
    const { certified, write, ask } = await start();
    const old = await write();
    await waitUntil('the listener', () => certified.problems().length === 0);
    expect(await ask(old)).toBe('127.0.0.1');
    const renewed = await write();
    await waitUntil('the new certificate', async () => (await ask(renewed).catch(() => '')) !== '');
    await expect(ask(old)).rejects.toThrow();
  });

  test('goes on with the one that it has when the files are damaged', async () => {
    const { certified, write, ask, lines } = await start();
    const authority = await write();
    await waitUntil('the listener', () => certified.problems().length === 0);
    await writeFile(join(folders[0] ?? '', 'tls.key'), 'damaged');
    await waitUntil('the look', () => lines.some((line) => line.includes('certificate not read')));
    expect(await ask(authority)).toBe('127.0.0.1');
  });
});

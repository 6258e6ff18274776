import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FLUSH_PKT, pktLine } from '../../../src/lib/git/protocol/pktline.ts';
import { openRepository } from '../../../src/lib/git/repository.ts';
import type { Transport } from '../../../src/lib/git/transport.ts';
import { fetchAhead } from '../../../src/promote/branch/ahead.ts';
import { madePack } from '../stage/made-pack.ts';

const TIP = '1'.repeat(40);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-ahead-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A server that has nothing ahead of the base branch, and counts how often it is asked for its capabilities. */
function countedTransport() {
  const named = pktLine(`${TIP} refs/heads/main\0shallow side-band-64k\n`);
  const advertised = [pktLine('# service=git-upload-pack\n'), FLUSH_PKT, named, FLUSH_PKT];
  const answer = [pktLine('NAK\n'), pktLine(Buffer.concat([Buffer.from([1]), madePack([])])), FLUSH_PKT];
  let asked = 0;
  const transport: Transport = {
    remote: { name: 'https://git.example/acme/fleet', credentials: {} },
    signal: new AbortController().signal,
    tenant: undefined,
    async advertisement() {
      asked += 1;
      return Buffer.concat(advertised);
    },
    push: () => Promise.reject(new Error('nothing is pushed')),
    download: async (_, take) => take(Buffer.concat(answer)),
    close() {},
  };
  return { transport, asked: () => asked };
}

test('what a variant of the repository learns of the server is known to all', async () => {
  const repository = await openRepository(join(directory, 'fleet'), 1024 * 1024);
  const { transport, asked } = countedTransport();
  const tips = { branch: 'main', tip: TIP, base: TIP };
  expect(await fetchAhead({ ...repository }, transport, tips)).toMatchObject({ bases: [] });
  await fetchAhead(repository, transport, tips);
  expect(asked()).toBe(1);
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TurnpikeError } from '../../src/api/errors.ts';
import { parseAdvertisement } from '../../src/promote/git/advertisement.ts';
import { FLUSH_PKT, pktLine } from '../../src/promote/git/pktline.ts';
import { openRepository } from '../../src/promote/git/repository.ts';
import { remoteState } from '../../src/promote/git/state.ts';
import type { Transport } from '../../src/promote/git/transport.ts';
import { failureOf } from '../fakes/failure.ts';

const OID = 'ab'.repeat(20);
const REMOTE = { name: 'https://git.example/acme/fleet', credentials: {} };

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-state-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('what a server says of its branches', () => {
  test('is not asked for any more once the caller has its error', async () => {
    const repository = await openRepository(join(directory, 'copy.git'), 1_000_000);
    const answer = Promise.withResolvers<void>();
    let isFetching = false;
    const transport: Transport = {
      remote: REMOTE,
      signal: new AbortController().signal,
      async advertisement(service) {
        if (service === 'git-receive-pack') throw new TurnpikeError('GitUnavailable', 'It answered 502.');
        return Buffer.concat([pktLine(`${OID} refs/heads/main\0 shallow side-band-64k`), FLUSH_PKT]);
      },
      push: () => Promise.reject(new Error('nothing is pushed')),
      async download() {
        isFetching = true;
        await answer.promise;
        isFetching = false;
      },
      close() {},
    };
    const state = failureOf(remoteState(repository, transport, [{ baseBranch: 'main', branch: 'b' }]));
    await Bun.sleep(20);
    expect(isFetching).toBe(true);
    answer.resolve();
    expect(await state).toMatchObject({ code: 'GitUnavailable', message: 'It answered 502.' });
    expect(isFetching).toBe(false);
  });

  test('is believed of what it can do in its first line alone', () => {
    const lines = [
      pktLine(`${OID} refs/heads/main\0 shallow side-band-64k`),
      pktLine(`${OID} refs/heads/other\0 thin-pack`),
    ];
    const { refs, capabilities } = parseAdvertisement(
      Buffer.concat(lines),
      new Set(['refs/heads/main']),
      REMOTE,
    );
    expect([...refs]).toEqual([['refs/heads/main', OID]]);
    expect([...capabilities]).toEqual(['shallow', 'side-band-64k']);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { parseAdvertisement } from '../../../src/lib/git/protocol/advertisement.ts';
import { FLUSH_PKT, pktLine } from '../../../src/lib/git/protocol/pktline.ts';
import { openRepository } from '../../../src/lib/git/repository.ts';
import type { Transport } from '../../../src/lib/git/transport.ts';
import { remoteState } from '../../../src/promote/branch/state.ts';
import { failureOf } from '../../fakes/failure.ts';
import { settled } from '../../fakes/schedule.ts';
import { waitUntil } from '../../lab/wait.ts';

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
    await waitUntil('the fetch', () => isFetching, { everyMs: 1 });
    answer.resolve();
    expect(await state).toMatchObject({ code: 'GitUnavailable', message: 'It answered 502.' });
    expect(isFetching).toBe(false);
  });

  const heads = (count: number) =>
    Array.from({ length: count }, (_, number) => pktLine(`${OID} refs/heads/branch-${number}\n`));
  const said = (count: number) =>
    Buffer.concat([pktLine(`${OID} refs/heads/main\0 report-status`), ...heads(count), FLUSH_PKT]);
  const transportTo = (answer: () => Buffer): Transport => ({
    remote: REMOTE,
    signal: new AbortController().signal,
    advertisement: async () => answer(),
    push: () => Promise.reject(new Error('nothing is pushed')),
    download: () => Promise.reject(new Error('nothing is fetched')),
    close() {},
  });
  /** A copy that has all that is advertised. */
  const copy = async () => {
    const repository = await openRepository(join(directory, `${crypto.randomUUID()}.git`), 1_000_000);
    return { ...repository, packs: { ...repository.packs, has: () => true, count: () => 1 } };
  };

  test('is not held in memory while it is worked on', async () => {
    const answers: WeakRef<ArrayBufferLike>[] = [];
    const transport = transportTo(() => {
      const answer = Buffer.from(said(10_000));
      answers.push(new WeakRef(answer.buffer));
      return answer;
    });
    const repository = await copy();
    const states: unknown[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      states.push(await remoteState(repository, transport, [{ baseBranch: 'main', branch: 'b' }]));
    }
    await settled();
    Bun.gc(true);
    // The last one may still lie on the stack.
    expect(answers.filter((answer) => answer.deref() !== undefined).length).toBeLessThanOrEqual(1);
    expect(states).toHaveLength(8);
  });

  test.each([
    ['few', 100, true],
    ['many', 10_000, false],
  ])('lets others join where the branches are few, and only where they are: %s', async (_, count, joins) => {
    const repository = await copy();
    const asked = [{ baseBranch: 'main', branch: 'branch-1' }];
    const state = await remoteState(
      repository,
      transportTo(() => said(count)),
      asked,
    );
    expect(state.advertised.refs.get('refs/heads/branch-1')).toBe(OID);
    expect(state.advertised.refs.get('refs/heads/main')).toBe(OID);
    expect(state.isNew({ baseBranch: 'main', branch: 'branch-2' })).toBe(false);
    expect(state.isNew({ baseBranch: 'main', branch: 'new' })).toBe(joins);
    expect(state.advertised.refs.size).toBeLessThanOrEqual(count + 1);
    const more = await state.include([{ baseBranch: 'main', branch: 'new' }]);
    expect(more.advertised.refs.has('refs/heads/new')).toBe(false);
    expect(more.bases.get('main')).toEqual({ status: 'fulfilled', value: OID });
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

import { expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBreakers } from '../../../src/lib/async/breaker.ts';
import { onTimer } from '../../../src/lib/async/schedule.ts';
import { createConnections } from '../../../src/lib/git/connections.ts';
import type { Signers } from '../../../src/lib/git/sign.ts';
import { createRepositoryStore } from '../../../src/lib/git/store.ts';
import { createOutbound } from '../../../src/lib/net/outbound.ts';
import { updateBatch } from '../../../src/promote/branch/batch.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { gitStage } from '../stage/stage.ts';
import { branchUpdate, marked } from '../stage/support.ts';

const KEYS = ['apps:one:prod', 'apps:two:prod', 'others:one:prod'];

const stage = gitStage(
  Object.fromEntries(KEYS.map((key) => [`${key.replaceAll(':', '-')}.yaml`, marked('1.0.0', key)])),
);

test('keys that sign are opened in the turn of the namespace that they are for', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-signing-turns-'));
  const tenants: (string | undefined)[] = [];
  const signerOf: Signers = (_, __, asker) => async () => {
    tenants.push(asker?.tenant);
    return 'signed';
  };
  const { log } = createFakeLog();
  const store = createRepositoryStore({ directory, maxBytes: 2 ** 30, maxPackBytes: 2 ** 26, log });
  const connected = createConnections({
    outbound: createOutbound({ allowed: [], insecure: ['127.0.0.1'] }),
    breakers: createBreakers(() => new Date()),
    closing: new AbortController().signal,
  });
  const items = KEYS.map((markerKey) => ({
    ...branchUpdate(stage.url, { markerKey, branch: markerKey.replaceAll(':', '-'), signing: { key: 'k' } }),
    onPrepared() {},
    isWanted: Promise.resolve(true),
  }));
  try {
    const access = { connected, store, signerOf, schedule: onTimer };
    await updateBatch(access, { items, drainPending: () => [], settle() {} });
    expect(tenants).toEqual(['apps', 'apps', 'others']);
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
});

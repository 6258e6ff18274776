import { createHmac } from 'node:crypto';
import type { Pipeline } from '../../src/api/pipeline.ts';
import { createHook } from '../../src/http/hook.ts';
import { createIntake } from '../../src/http/server/intake.ts';
import { createRateLimiter } from '../../src/http/signed/rate.ts';
import { createRejectionLog } from '../../src/http/signed/rejection-log.ts';
import { createRecordStatus } from '../../src/reconcile/record.ts';
import { NOW } from '../fakes/pipeline.ts';
import { fakeRechecks } from '../fakes/rechecks.ts';
import { createFakeStore } from '../fakes/store.ts';
import { errorLog } from './admission-app.ts';

export const KEY = 'an hmac key of more than 32 bytes, really';
export const PREVIOUS = 'the key before that one, also long enough';
const KEYS = new Map([
  ['hmac-key', Buffer.from(KEY)],
  ['hmac-key-previous', Buffer.from(PREVIOUS)],
]);

/** The promotion webhook with one Pipeline apps/app, whose events two keys sign. */
export function hookApp(pipeline: Pipeline) {
  const store = createFakeStore();
  store.put(pipeline);
  const { log, errors } = errorLog();
  const app = createHook({
    intake: createIntake(),
    rechecks: fakeRechecks(),
    find: store.get,
    readSecret: (_, name) => (name === 'hook' ? { values: KEYS } : undefined),
    available: () => true,
    limiter: createRateLimiter({ limit: Number.MAX_SAFE_INTEGER, intervalSeconds: 30 }, () => 0),
    rejected: createRejectionLog(log, () => Date.now()),
    onOutcome: () => {},
    onSeconds: () => {},
    log,
    now: () => NOW,
    allowUnsigned: false,
    record: createRecordStatus(store),
    wake: () => {},
    pullRequest: async ({ revision }) =>
      revision.length % 2 === 0 ? 'https://git.example.com/pulls/7' : undefined,
  });
  return { app, store, errors };
}

export type HookApp = ReturnType<typeof hookApp>;

export function sign(body: string | Uint8Array, algorithm = 'sha256', key = KEY): string {
  return `${algorithm}=${createHmac(algorithm, key).update(body).digest('hex')}`;
}

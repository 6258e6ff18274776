import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Schedule } from '../../../src/lib/async/schedule.ts';
import { createOutbound, type Outbound } from '../../../src/lib/net/outbound.ts';
import { createBranchUpdater } from '../../../src/promote/branch/branch-updater.ts';
import type { BranchUpdate, BranchUpdater } from '../../../src/promote/branch/port.ts';
import { createFakeLog } from '../../fakes/log.ts';

export const BRANCH = 'promotion-apps-podinfo-prod';
export const KEY = 'apps:podinfo:prod';

/** A branch updater with a temporary directory, which may reach servers on loopback. */
export interface TestBranches extends BranchUpdater, AsyncDisposable {
  readonly directory: string;
  /** The log, a JSON text per line. */
  readonly lines: readonly string[];
}

export async function testBranches(
  options: {
    readonly outbound?: Outbound;
    readonly maxBytes?: number;
    readonly maxPackBytes?: number;
    readonly directory?: string;
    readonly schedule?: Schedule;
  } = {},
): Promise<TestBranches> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'turnpike-branches-')));
  const { log, lines } = createFakeLog();
  const outbound = options.outbound ?? createOutbound({ allowed: [], insecure: ['127.0.0.1'] });
  const { maxBytes = 1024 ** 3, maxPackBytes = 64 * 1024 ** 2, schedule } = options;
  const branches = createBranchUpdater({
    now: () => new Date(),
    outbound,
    directory,
    maxBytes,
    maxPackBytes,
    log,
    ...(schedule && { schedule }),
  });
  async function close() {
    await branches.close();
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
  }
  return { directory, lines, ...branches, close, [Symbol.asyncDispose]: close };
}

/** A promotion of apps/podinfo to prod, but for what is given. */
export function branchUpdate(url: string, changed: Partial<BranchUpdate> = {}): BranchUpdate {
  return {
    url,
    baseBranch: 'main',
    branch: BRANCH,
    markerKey: KEY,
    revision: '2.0.0',
    message: 'Promote apps/podinfo in prod to 2.0.0',
    author: { name: 'Turnpike', email: 'turnpike@example.com' },
    credentials: {},
    now: new Date('2026-11-21T10:00:00Z'),
    ...changed,
  };
}

/** A line with a version and its marker. */
export function marked(version: string, key: string = KEY): string {
  return `version: ${version} # {"$promotion": "${key}"}\n`;
}

import { describe, expect, test } from 'bun:test';
import { type PipelineKey, pipelineKey } from '../../../src/api/pipeline.ts';
import { createBulkhead } from '../../../src/lib/async/bulkhead.ts';
import { createQueue } from '../../../src/lib/async/work-queue.ts';
import { createWorkers } from '../../../src/lib/async/workers.ts';
import { limitPromoter } from '../../../src/reconcile/limit-promoter.ts';
import type { Promoter } from '../../../src/reconcile/promoter.ts';
import { pipeline } from '../../fakes/pipeline.ts';
import { settled } from '../../fakes/schedule.ts';

/** Slow servers keep nobody from being promoted but those who name them. */

/** A promoter that never hears of some hosts, in front of workers as the program has them. */
function setUp(concurrent: number) {
  const begun: string[] = [];
  const promoted: string[] = [];
  const never = new Promise<never>(() => {});
  const carriedOut: Promoter = {
    promote({ pipeline: { metadata, spec } }) {
      begun.push(metadata.name);
      const url = spec.promotion?.strategy['pull-request']?.url ?? '';
      if (url.includes('slow')) return never;
      promoted.push(metadata.name);
      return Promise.resolve({ kind: 'notified' });
    },
    runTask: () => never,
    findPullRequest: () => never,
    pullRequestState: () => never,
  };
  const queue = createQueue<PipelineKey>();
  const bulkhead = createBulkhead({ namespace: concurrent, host: 4 * concurrent, total: 16 * concurrent });
  const signal = new AbortController().signal;
  const workers = createWorkers({ queue, count: concurrent });
  const promoter = limitPromoter(carriedOut, { bulkhead, outside: workers.outside, signal });
  const jobs = new Map<PipelineKey, Parameters<Promoter['promote']>[0]>();
  workers.start(async (key) => {
    const job = jobs.get(key);
    if (job) await promoter.promote(job);
  });
  return {
    begun,
    promoted,
    add(namespace: string, name: string, url: string, proxy?: string) {
      const through = proxy === undefined ? {} : { proxySecretRef: { name: proxy } };
      const strategy = {
        'pull-request': { type: 'gitea', url, baseBranch: 'main', secretRef: { name: 's' }, ...through },
      } as const;
      const made = pipeline({ promotion: { strategy } });
      const [, environment] = made.spec.environments;
      if (!environment) throw new Error('the pipeline has one environment');
      const owned = { ...made, metadata: { ...made.metadata, namespace, name } };
      const promotion = { revision: '1.1.0', phase: 'Promoting' } as const;
      const key = pipelineKey(namespace, name);
      jobs.set(key, { pipeline: owned, environment, promotion, recorded: Promise.resolve() });
      queue.add(key);
    },
  };
}

describe('a promotion', () => {
  test('waits for none of another namespace whose servers never answer', async () => {
    const { add, begun, promoted } = setUp(4);
    for (let index = 0; index < 100; index += 1)
      add('slow', `slow ${index}`, `https://slow-${index}.example/a/b`);
    add('team', 'honest', 'https://git.example/a/b');
    await settled();
    expect(promoted).toEqual(['honest']);
    expect(begun).toEqual(['slow 0', 'slow 1', 'slow 2', 'slow 3', 'honest']);
  });

  test('waits for none that goes to the same host by a proxy of its own that never answers', async () => {
    const { add, begun, promoted } = setUp(4);
    for (let team = 0; team < 8; team += 1) {
      for (let index = 0; index < 4; index += 1)
        add(`team-${team}`, `slow ${team} ${index}`, 'https://git.example/slow/b', 'proxy');
    }
    add('team', 'honest', 'https://git.example/a/b');
    await settled();
    expect(begun).toHaveLength(33);
    expect(promoted).toEqual(['honest']);
  });

  test('waits for none of another namespace where one is worked on at a time', async () => {
    const { add, promoted } = setUp(1);
    add('team', 'here', 'https://git.example/a/b');
    add('team', 'there', 'https://other.example/a/b');
    add('slow', 'slow', 'https://slow.example/a/b');
    await settled();
    expect(promoted).toEqual(['here', 'there']);
  });
});

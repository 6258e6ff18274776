import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { type PipelineKey, pipelineKey, type StoredPipeline } from '../../../src/api/pipeline.ts';
import { fenceByShard } from '../../../src/cli/serve/shard.ts';
import { leaseName } from '../../../src/decide/model/shard.ts';
import { TurnpikeError } from '../../../src/lib/errors.ts';
import { parseLabelSelector } from '../../../src/lib/kube/label-selector.ts';
import { createShardPipelines } from '../../../src/observe/pipelines/shard-pipelines.ts';
import { watchSpecs } from '../../../src/observe/pipelines/spec-changes.ts';
import { failureOf } from '../../fakes/failure.ts';
import { pipeline } from '../../fakes/pipeline.ts';
import { createFakeStore } from '../../fakes/store.ts';

const PAGE = join(import.meta.dir, '../../../docs/sharding.md');
const KEY = pipelineKey('apps', 'app');

describe('the Lease of a shard', () => {
  const nameOf = (namespace: string, selector: string) =>
    leaseName({ namespace, selector: parseLabelSelector(selector) });

  test('has the plain name where one leader acts on all Pipelines', () => {
    expect(nameOf('', '')).toBe('turnpike-leader');
    expect(nameOf('', '  ')).toBe('turnpike-leader');
  });

  test.each([
    ['team-a', ''],
    ['', 'shard=one'],
    ['team-a', 'shard=one'],
    ['', '!sharding.fluxcd.io/key'],
    ['', 'sharding.fluxcd.io/key=shard1'],
  ])('for namespace %p and selector %p is what docs/sharding.md computes', async (namespace, selector) => {
    const page = await Bun.file(PAGE).text();
    const [line = ''] = /^printf .*$/m.exec(page) ?? [];
    const mine = line.replace(/ '' '[^']*' /, ` '${namespace}' '${selector}' `);
    const digits = Bun.spawnSync(['sh', '-c', mine]).stdout.toString().trim();
    expect(digits).toMatch(/^[0-9a-f]{8}$/);
    expect(nameOf(namespace, selector)).toBe(`turnpike-leader-${digits}`);
    if (selector.includes('sharding')) expect(page).toContain(`turnpike-leader-${digits} `);
  });

  test('is the same for all ways to write a selector, and another for each shard', () => {
    expect(nameOf('', 'b = 1,a in (x, y)')).toBe(nameOf('', 'a in (y,x),b==1'));
    const names = [nameOf('', 'shard=one'), nameOf('', 'shard=two'), nameOf('one', ''), nameOf('two', '')];
    expect(new Set(names).size).toBe(4);
  });
});

/** The shard "one" of a store, and what it hears. */
function setUp() {
  const store = createFakeStore();
  const removed = new Set<(last: StoredPipeline) => void>();
  const onRemoved = (listener: (last: StoredPipeline) => void) => {
    removed.add(listener);
    return () => removed.delete(listener);
  };
  const put = (labels?: Record<string, string>) => {
    const { metadata, spec, status } = pipeline();
    store.put({ metadata: { ...metadata, ...(labels && { labels }) }, spec, status });
  };
  const all = { ...store, onRemoved };
  const open = () => createShardPipelines(all, parseLabelSelector('shard=one'));
  const remove = () => {
    const last = store.get(KEY);
    store.remove(KEY);
    for (const listener of removed) if (last) listener(last);
  };
  return { put, open, remove };
}

describe('the Pipelines of a shard', () => {
  test('are those that its selector matches', () => {
    const { put, open } = setUp();
    const shard = open();
    expect([shard.get(KEY), shard.list(), shard.isElsewhere(KEY)]).toEqual([undefined, [], false]);
    put({ shard: 'one' });
    expect([shard.get(KEY)?.metadata.name, shard.list().length, shard.isElsewhere(KEY)]).toEqual([
      'app',
      1,
      false,
    ]);
    put({ shard: 'two' });
    expect([shard.get(KEY), shard.list(), shard.isElsewhere(KEY)]).toEqual([undefined, [], true]);
    put();
    expect([shard.get(KEY), shard.isElsewhere(KEY)]).toEqual([undefined, true]);
  });

  test('are heard of when they come, change and leave, and no more after that', () => {
    const { put, open } = setUp();
    const shard = open();
    const heard: [PipelineKey, boolean][] = [];
    shard.subscribe((key) => heard.push([key, shard.get(key) !== undefined]));
    put();
    expect(heard).toEqual([]);
    put({ shard: 'one' });
    put({ shard: 'one' });
    put({ shard: 'two' });
    put({ shard: 'two' });
    expect(heard).toEqual([
      [KEY, true],
      [KEY, true],
      [KEY, false],
    ]);
  });

  test('are heard of when they leave, also by one who came after they were there', () => {
    const { put, open } = setUp();
    put({ shard: 'one' });
    const shard = open();
    const heard: PipelineKey[] = [];
    shard.subscribe((key) => heard.push(key));
    put({ shard: 'two' });
    expect(heard).toEqual([KEY]);
  });

  test('are closed after by their own shard alone when they are deleted, and by none when they move', () => {
    const { put, open, remove } = setUp();
    const shard = open();
    const closed: string[] = [];
    shard.onRemoved(({ metadata }) => closed.push(metadata.name));
    put({ shard: 'one' });
    put({ shard: 'two' });
    remove();
    expect(closed).toEqual([]);
    put({ shard: 'one' });
    remove();
    expect(closed).toEqual(['app']);
  });

  test('have their applications watched here only, and not any more once they are moved', () => {
    const { put, open } = setUp();
    const wanted: [PipelineKey, number][] = [];
    watchSpecs(open()).subscribe((key, spec) => wanted.push([key, spec?.environments.length ?? 0]));
    put({ shard: 'two' });
    expect(wanted).toEqual([]);
    put({ shard: 'one' });
    put({ shard: 'two' });
    put({ shard: 'one' });
    expect(wanted).toEqual([
      [KEY, 3],
      [KEY, 0],
      [KEY, 3],
    ]);
  });
});

describe('a promotion whose Pipeline is moved to another shard', () => {
  test('stops, and says so', async () => {
    const fence = fenceByShard(
      () => true,
      async () => {},
    );
    expect(await failureOf(fence(KEY))).toMatchObject({
      code: 'NotLeading',
      message: 'Pipeline apps/app was moved to another shard: this one stops here, and that one goes on.',
    });
  });

  test('goes on as long as it is here, and stops where it may not go on for another reason', async () => {
    await fenceByShard(
      () => false,
      async () => {},
    )(KEY);
    const ended = new TurnpikeError('GitUnavailable', 'Turnpike is stopping.');
    const stopped = fenceByShard(
      () => false,
      () => Promise.reject(ended),
    );
    expect(await failureOf(stopped(KEY))).toBe(ended);
  });
});

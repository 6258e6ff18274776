import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { createKubeClient } from '../../../../src/lib/kube/client/transport.ts';
import { createInformer, type Informer } from '../../../../src/lib/kube/informer/informer.ts';
import { kubeConfigTo } from '../../../cluster/lib/kube/support.ts';
import { createFakeLog } from '../../../fakes/log.ts';
import { waitUntil } from '../../../lab/wait.ts';

interface Thing {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly color?: string;
}

function thing(name: string, resourceVersion: number, color = 'red'): Thing {
  return { metadata: { name, resourceVersion: String(resourceVersion) }, color };
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** An API server by script, for what a real one does once in a year: each list and each watch is handed out in turn. */
describe('an informer', () => {
  let lists: { version: number; items: unknown[] }[] = [];
  let watches: (string | Response)[] = [];
  const asked: string[] = [];
  let path = '';
  let tests = 0;
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch(request) {
      const { pathname, searchParams: query } = new URL(request.url);
      // A request of the test before, on its way when that ended, takes nothing of this one's script.
      if (pathname !== path) return following('');
      if (query.has('watch')) {
        asked.push(`watch ${query.get('resourceVersion')}`);
        const next = watches.shift();
        return next instanceof Response ? next : following(next ?? '');
      }
      asked.push('list');
      const [list] = lists.length > 1 ? lists.splice(0, 1) : lists;
      return Response.json({
        metadata: { resourceVersion: String(list?.version) },
        items: list?.items,
      });
    },
  });
  const client = createKubeClient(kubeConfigTo(`http://127.0.0.1:${server.port}`, { name: 'u' }));
  const started: Informer<Thing>[] = [];

  /** A watch that says these lines and then nothing any more. */
  function following(text: string): Response {
    const start = (controller: ReadableStreamDefaultController) =>
      controller.enqueue(new TextEncoder().encode(text || '\n'));
    return new Response(new ReadableStream({ start }));
  }

  function informer(timings: object = {}): { informer: Informer<Thing>; lines: string[] } {
    const { log, lines } = createFakeLog();
    const made = createInformer<Thing>(client, {
      path,
      parse: (raw) => {
        const object = raw as Thing;
        if (object.color === 'unreadable') throw new Error('cannot be read');
        return object;
      },
      log,
      timings: { backoff: { initialMs: 5, maxMs: 20 }, ...timings },
    });
    started.push(made);
    made.start();
    return { informer: made, lines };
  }

  async function until(what: string, check: () => boolean): Promise<void> {
    await waitUntil(what, check, { seconds: 10, everyMs: 5 });
  }

  beforeEach(async () => {
    await Promise.all(started.splice(0).map((one) => one.stop()));
    tests += 1;
    path = `/things-${tests}`;
    asked.length = 0;
    watches = [];
    lists = [{ version: 10, items: [thing('a', 5), thing('b', 6)] }];
  });

  afterAll(async () => {
    await Promise.all(started.map((one) => one.stop()));
    client.close();
    await server.stop(true);
  });

  test('follows what is added, modified and deleted, from the list on', async () => {
    watches = [
      line('ADDED', thing('c', 11)) +
        line('MODIFIED', thing('a', 12, 'blue')) +
        line('DELETED', thing('b', 13)),
    ];
    const { informer: things } = informer();
    await until('the deletion', () => things.synced() && things.get('b') === undefined);
    expect(things.list().map(({ metadata, color }) => [metadata.name, color])).toEqual([
      ['a', 'blue'],
      ['c', 'red'],
    ]);
    expect(asked).toEqual(['list', 'watch 10']);
  });

  test('resumes where it was, bookmarks included, when a watch ends or breaks', async () => {
    const bookmark = { metadata: { resourceVersion: '40' } };
    watches = [
      new Response(line('ADDED', thing('c', 20))),
      new Response(line('BOOKMARK', bookmark)),
      new Response('not JSON\n'),
      new Response('overloaded', { status: 503 }),
    ];
    informer();
    await until('the fifth watch', () => asked.length === 6);
    expect(asked).toEqual(['list', 'watch 10', 'watch 20', 'watch 40', 'watch 40', 'watch 40']);
  });

  test.each([
    ['as an event', () => new Response(line('ERROR', { kind: 'Status', code: 410, message: 'too old' }))],
    ['as the answer', () => Response.json({ message: 'too old' }, { status: 410 })],
  ])(
    'lists again when its version is too old, reported %s, and notices what was deleted',
    async (_, gone) => {
      watches = [gone()];
      lists.push({ version: 30, items: [thing('a', 5)] });
      const { informer: things } = informer();
      const seen: string[] = [];
      things.subscribe(({ kind, key }) => seen.push(`${kind} ${key}`));
      await until('the second watch', () => asked.includes('watch 30'));
      expect(seen).toEqual(['added a', 'added b', 'deleted b']);
    },
  );

  test('starts a watch again that is silent', async () => {
    const { lines } = informer({ silenceMs: 50 });
    await until('three watches', () => asked.length >= 4);
    expect(asked.slice(0, 3)).toEqual(['list', 'watch 10', 'watch 10']);
    expect(lines.join('')).toContain('silent for 50 ms');
  });

  test('lists again now and then, whatever the watches say', async () => {
    watches = [1, 2, 3].map(() => new Response(line('BOOKMARK', { metadata: { resourceVersion: '11' } })));
    informer({ relistMs: 0 });
    await until('a second list', () => asked.filter((one) => one === 'list').length > 1);
  });

  test('leaves out what cannot be read, keeps what it knew of it, and goes on', async () => {
    lists = [{ version: 10, items: [thing('x', 3, 'unreadable'), thing('a', 5)] }];
    watches = [line('MODIFIED', thing('a', 11, 'unreadable')) + line('ADDED', thing('c', 12))];
    const { informer: things, lines } = informer();
    await until('the last event', () => things.get('c') !== undefined);
    expect(things.get('a')?.color).toBe('red');
    expect(things.get('x')).toBeUndefined();
    expect(lines.join('')).toContain('cannot be read');
  });

  test('takes own writes at once, and never an older state after a newer one', async () => {
    const { informer: things } = informer();
    await until('the list', things.synced);
    things.accept(thing('a', 21, 'green'));
    things.accept(thing('a', 20, 'stale'));
    expect(things.get('a')?.color).toBe('green');
    things.accept(thing('gone', 9));
    expect(things.get('gone')).toBeUndefined();
    things.accept(thing('fresh', 22));
    expect(things.get('fresh')?.color).toBe('red');
  });

  test('takes everything anew from a server that was set back', async () => {
    watches = [new Response(line('ERROR', { code: 410 }))];
    lists.push({ version: 4, items: [thing('a', 3, 'restored')] });
    const { informer: things, lines } = informer();
    await until('the second list', () => things.get('a')?.color === 'restored');
    await until('the deletion', () => things.get('b') === undefined);
    expect(lines.join('')).toContain('restored to an earlier state');
  });

  test('stops cleanly while a watch is open', async () => {
    const { informer: things } = informer();
    await until('the watch', () => asked.includes('watch 10'));
    await things.stop();
    // A request that was sent before this one has come by now.
    const { signal } = new AbortController();
    await (await client.stream({ path: '/last', signal })).cancel();
    expect(asked).toEqual(['list', 'watch 10']);
  });
});

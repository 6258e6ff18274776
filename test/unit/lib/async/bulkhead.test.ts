import { describe, expect, test } from 'bun:test';
import { createBulkhead, type TenantHost } from '../../../../src/lib/async/bulkhead.ts';
import { settled } from '../../../fakes/schedule.ts';

const FOREVER = new AbortController().signal;
/** Work that ends when the test says so, and the order in which it began. */
function setUp(limits = { total: 6, host: 4, namespace: 2 }) {
  const bulkhead = createBulkhead(limits);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    start(name: string, place: TenantHost, signal: AbortSignal = FOREVER): Promise<void> {
      return bulkhead.run(place, signal, () => {
        begun.push(name);
        return new Promise((resolve) => ends.set(name, resolve));
      });
    },
    async end(name: string) {
      ends.get(name)?.();
      await settled();
    },
  };
}

const at = (namespace: string, host = 'a.example'): TenantHost => ({ namespace, host });

describe('a bulkhead', () => {
  test('lets a namespace have so much under way, whatever the hosts', async () => {
    const { start, begun, end } = setUp();
    void start('1', at('team', 'a'));
    void start('2', at('team', 'b'));
    void start('3', at('team', 'c'));
    void start('other', at('other', 'c'));
    await settled();
    expect(begun).toEqual(['1', '2', 'other']);
    await end('2');
    expect(begun).toEqual(['1', '2', 'other', '3']);
  });

  test('lets a host have so much under way, whatever the namespaces', async () => {
    const { start, begun, end } = setUp();
    for (const namespace of ['a', 'b', 'c', 'd', 'e']) void start(namespace, at(namespace));
    void start('elsewhere', at('e', 'b.example'));
    await settled();
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'elsewhere']);
    await end('a');
    expect(begun.at(-1)).toBe('e');
  });

  test('lets in the namespace with the least under way first', async () => {
    const { start, begun, end } = setUp({ total: 3, host: 3, namespace: 2 });
    void start('greedy 1', at('greedy'));
    void start('greedy 2', at('greedy'));
    void start('third', at('third'));
    for (let index = 3; index < 50; index += 1) void start(`greedy ${index}`, at('greedy'));
    void start('modest', at('modest'));
    await settled();
    await end('third');
    expect(begun).toEqual(['greedy 1', 'greedy 2', 'third', 'modest']);
    await end('greedy 1');
    expect(begun.at(-1)).toBe('greedy 3');
  });

  test('lets in what waits for another host of a namespace when its first host is full', async () => {
    const { start, begun, end } = setUp({ total: 9, host: 2, namespace: 2 });
    void start('1', at('a'));
    void start('2', at('b'));
    void start('3', at('c', 'b.example'));
    void start('4', at('c', 'b.example'));
    void start('waits for a.example', at('c'));
    void start('waits for c.example', at('c', 'c.example'));
    await settled();
    await end('3');
    expect(begun).toEqual(['1', '2', '3', '4', 'waits for c.example']);
  });

  test('lets the hosts of a namespace take turns', async () => {
    const { start, begun, end } = setUp({ total: 9, host: 1, namespace: 2 });
    for (const host of ['a', 'b'])
      for (const round of [1, 2, 3]) void start(`${host} ${round}`, at('team', host));
    void start('c 1', at('team', 'c'));
    void start('c 2', at('team', 'c'));
    await settled();
    expect(begun).toEqual(['a 1', 'b 1']);
    await end('a 1');
    await end('b 1');
    expect(begun.slice(2)).toEqual(['a 2', 'b 2']);
    await end('a 2');
    await end('b 2');
    expect(begun.slice(4)).toEqual(['c 1', 'a 3']);
  });

  test('lets namespaces that have as much under way take turns', async () => {
    const { start, begun, end } = setUp({ total: 2, host: 2, namespace: 2 });
    for (const name of ['a', 'b', 'c'])
      for (const round of [1, 2, 3]) void start(`${name} ${round}`, at(name, name));
    await settled();
    expect(begun).toEqual(['a 1', 'a 2']);
    for (const one of ['a 1', 'a 2', 'b 1', 'c 1']) await end(one);
    expect(begun.slice(2)).toEqual(['b 1', 'a 3', 'c 1', 'b 2']);
  });

  test('forgets who gives up while it waits', async () => {
    const { start, begun, end } = setUp({ total: 1, host: 1, namespace: 1 });
    void start('first', at('a'));
    const gone = new AbortController();
    const waiting = start('gone', at('b'), gone.signal);
    void start('last', at('c'));
    gone.abort(new Error('not any more'));
    await expect(waiting).rejects.toThrow('not any more');
    await settled();
    await end('first');
    expect(begun).toEqual(['first', 'last']);
    await expect(start('late', at('d'), gone.signal)).rejects.toThrow('not any more');
  });

  test('has its room back after an error', async () => {
    const bulkhead = createBulkhead({ total: 1, host: 1, namespace: 1 });
    const failing = bulkhead.run(at('a'), FOREVER, () => Promise.reject(new Error('broken')));
    const next = bulkhead.run(at('a'), FOREVER, async () => 'done');
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('done');
  });
});

import { expect, test } from 'bun:test';
import * as v from 'valibot';
import { parseFirst } from '../../../../src/lib/first-fault.ts';
import { createObjectCache, type KubeObject } from '../../../../src/lib/kube/informer/cache.ts';
import { createStore } from '../../../../src/lib/kube/informer/store.ts';
import { createFakeLog } from '../../../fakes/log.ts';

test('objects that cannot be read are logged once in a second, however many and however they are called', () => {
  const { log, lines } = createFakeLog();
  const cache = createObjectCache<KubeObject>(log);
  const parse = () => {
    throw new Error('no');
  };
  const store = createStore({ cache, parse, log });
  const name = 'x'.repeat(100_000);
  const list = store.beginList();
  const objects = Array.from({ length: 1000 }, () => ({ metadata: { name, resourceVersion: '1' } }));
  list.page(objects, '1');
  list.end();
  const reported = lines.filter((line) => line.includes('left out'));
  expect(reported).toHaveLength(1);
  expect(reported[0]?.length).toBeLessThan(1000);
});

test('an answer of another form is reported with the place of its first fault, without what stands there', () => {
  const schema = v.object({ items: v.array(v.object({ name: v.string() })) });
  const words = 'y'.repeat(100_000);
  const read = (answer: unknown) => () => parseFirst(schema, answer);
  expect(read({ items: [{ name: 'a' }, { name: 7 }, { name: 8 }] })).toThrow('items.1.name is not string');
  expect(read(words)).toThrow('all of it is not Object');
  expect(read({ items: words })).toThrow(/^An answer has an unexpected form: items is not Array\.$/);
});

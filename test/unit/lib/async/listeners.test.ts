import { expect, test } from 'bun:test';
import { createListeners } from '../../../../src/lib/async/index.ts';
import { createFakeLog } from '../../../fakes/log.ts';

test('a listener that throws is logged and keeps no other from hearing', () => {
  const { log, lines } = createFakeLog();
  const listeners = createListeners<(word: string) => void>(log);
  const heard: string[] = [];
  listeners.add(() => {
    throw new Error('broken');
  });
  const remove = listeners.add((word) => heard.push(word));
  const notify = (word: string) =>
    listeners.notify(
      (listener) => listener(word),
      () => ({ word }),
    );
  notify('one');
  remove();
  notify('two');
  expect(heard).toEqual(['one']);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('a listener failed');
  expect(lines[0]).toContain('broken');
  expect(lines[0]).toContain('one');
});

test('a listener that comes while others hear of something hears of the next', () => {
  const listeners = createListeners<() => void>(createFakeLog().log);
  let heard = 0;
  const take = () => {
    heard += 1;
  };
  listeners.add(() => listeners.add(take));
  listeners.notify((listener) => listener());
  expect(heard).toBe(0);
  listeners.notify((listener) => listener());
  expect(heard).toBe(1);
  listeners.clear();
  listeners.notify((listener) => listener());
  expect(heard).toBe(1);
});

import { describe, expect, test } from 'bun:test';
import { createInnerServers, type Serve } from '../../../src/http/server/inner.ts';

/** Servers that only say whether they run. */
function setUp() {
  const running = new Set<string>();
  const serve = (unix: string) => {
    running.add(unix);
    return { stop: async () => void running.delete(unix) };
  };
  return { running, servers: createInnerServers('hook', serve as unknown as Serve) };
}

describe('the servers inside a listener', () => {
  test('are one for each source, kept for its next connection', () => {
    const { running, servers } = setUp();
    const [first, second, other] = ['a', 'a', 'b'].map((source) => servers.enter(source));
    expect(second?.unix).toBe(first?.unix ?? '');
    expect(other?.unix).not.toBe(first?.unix ?? '');
    first?.leave();
    second?.leave();
    expect(servers.enter('a').unix).toBe(first?.unix ?? '');
    expect(running.size).toBe(2);
  });

  test('stop after a renewal once their last connection is over', () => {
    const { running, servers } = setUp();
    const [first, second] = [servers.enter('a'), servers.enter('a')];
    servers.renew();
    expect(servers.enter('a').unix).not.toBe(first.unix);
    first.leave();
    expect(running.has(first.unix)).toBe(true);
    second.leave();
    expect(running.has(first.unix)).toBe(false);
    expect(running.size).toBe(1);
  });

  test('stop at a renewal where they have no connection', () => {
    const { running, servers } = setUp();
    servers.enter('a').leave();
    const busy = servers.enter('b');
    servers.renew();
    expect(running).toEqual(new Set([busy.unix]));
  });

  test('are kept for 256 sources without connections, however many have come and gone', () => {
    const { running, servers } = setUp();
    const entered = Array.from({ length: 300 }, (_, index) => servers.enter(`source ${index}`));
    for (const { leave } of entered) leave();
    expect(running.size).toBe(256);
  });

  test('all stop with the listener', async () => {
    const { running, servers } = setUp();
    servers.enter('a');
    servers.renew();
    servers.enter('a');
    await servers.stop(false);
    expect(running.size).toBe(0);
  });
});

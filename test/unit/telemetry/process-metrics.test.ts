import { expect, test } from 'bun:test';
import { Registry } from 'prom-client';
import { collectProcessMetrics } from '../../../src/telemetry/process-metrics.ts';

/** Longer than any delay of an idle loop, and as short as a test can be. */
const BLOCK_MS = 60;

test('the longest delay of the event loop since the last scrape is reported', async () => {
  const registry = new Registry();
  collectProcessMetrics(registry);
  const longest = async () => {
    const text = await registry.metrics();
    return Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1]) * 1000;
  };
  // It is measured by timers: they have to come round before and after.
  await Bun.sleep(30);
  await longest();
  Bun.sleepSync(BLOCK_MS);
  await Bun.sleep(30);
  expect(await longest()).toBeGreaterThan(BLOCK_MS / 2);
});

import { test } from 'bun:test';
import { Registry } from 'prom-client';
import { collectProcessMetrics } from '../../../src/telemetry/process-metrics.ts';
import { waitUntil } from '../../lab/wait.ts';

/** Longer than any delay of an idle loop, and as short as a test can be. */
const BLOCK_MS = 60;

test('the longest delay of the event loop since the last scrape is reported', async () => {
  const registry = new Registry();
  collectProcessMetrics(registry);
  const longest = async () => {
    const text = await registry.metrics();
    return Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1]) * 1000;
  };
  // It is measured by real timers, which have to come round before and after; each look begins it anew.
  await waitUntil('the first delay', async () => (await longest()) > 0, { everyMs: 15, seconds: 4 });
  Bun.sleepSync(BLOCK_MS);
  const isTold = async () => (await longest()) > BLOCK_MS / 2;
  await waitUntil('the block to be told', isTold, { everyMs: 15, seconds: 4 });
});

import { collectDefaultMetrics, type Registry } from 'prom-client';

/**
 * prom-client measures Node.js. Under Bun these are always 0, or are about something else: the version of
 * Node.js that Bun imitates, and address space that JavaScriptCore reserves and never uses.
 */
const UNTRUE = [
  'process_heap_bytes',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_version_info',
  'nodejs_gc_duration_seconds',
];

/** Collects what the process itself uses: processor time, memory, files, delays of the event loop. */
export function collectProcessMetrics(register: Registry): void {
  collectDefaultMetrics({ register });
  for (const name of UNTRUE) register.removeSingleMetric(name);
}

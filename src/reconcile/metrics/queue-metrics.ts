import type { Queue, QueueObserver } from '../../lib/async/index.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { CONTROLLER } from '../controller.ts';

const LABELS = { name: CONTROLLER, controller: CONTROLLER };

/** Counts what goes through a queue. */
export function queueObserver(metrics: Metrics): QueueObserver {
  metrics.queueAdds.inc(LABELS, 0);
  metrics.queueRetries.inc(LABELS, 0);
  return {
    added: () => metrics.queueAdds.inc(LABELS),
    retried: () => metrics.queueRetries.inc(LABELS),
    started: (waited) => metrics.queueSeconds.observe(LABELS, waited),
    ended: (worked) => metrics.workSeconds.observe(LABELS, worked),
  };
}

/** Reads at each scrape what is in the queue at that moment. */
export function watchQueue(metrics: Metrics, queue: Pick<Queue<string>, 'depth' | 'unfinished'>): void {
  metrics.registry.onScrape(() => {
    const { total, longest } = queue.unfinished();
    metrics.queueDepth.set(LABELS, queue.depth());
    metrics.unfinishedWork.set(LABELS, total);
    metrics.longestWork.set(LABELS, longest);
  });
}

import { FIELD_MANAGER } from '../../api/group.ts';
import { createEventRecorder, type KubeClient } from '../../lib/kube/index.ts';
import { createFluxEvents } from '../../promote/notification/flux-events.ts';
import { createOutbox } from '../../reconcile/outbox.ts';
import { createPipelineEvents } from '../../reconcile/pipeline-events.ts';
import { createReporter } from '../../reconcile/report.ts';
import type { Context } from './context.ts';

export type Reporting = ReturnType<typeof composeReporter>;

export interface ReporterDeps {
  readonly client: KubeClient;
  readonly instance: string;
}

/** Makes what every part of a program reports through, whether it leads or not. */
export function composeReporter({ config, log, metrics, now }: Context, { client, instance }: ReporterDeps) {
  const events = createEventRecorder(client, { component: FIELD_MANAGER, instance, now });
  const fluxEvents = createFluxEvents({
    address: config['events-addr'],
    fetch: (url, init) => fetch(url, init),
    instance,
  });
  const outboxes = { kubernetes: createOutbox({ log }), flux: createOutbox({ log }) };
  const emit = createPipelineEvents({ emit: events.emit, fluxEvents, outboxes, now });

  async function stop(): Promise<void> {
    const [kubernetes, flux] = await Promise.all([outboxes.kubernetes.stop(), outboxes.flux.stop()]);
    if (kubernetes + flux === 0) return;
    log.warn(
      { kubernetes, flux },
      'Events are dropped at shutdown; the status has what they would have said',
    );
  }

  return { reporter: createReporter({ emit, metrics, log, now }), events, fluxEvents, stop };
}

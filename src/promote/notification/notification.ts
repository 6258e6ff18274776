import { createHash } from 'node:crypto';
import { API_VERSION, EVENT_ENVIRONMENT, EVENT_VERSION, KIND } from '../../api/group.ts';
import { eventName, type ObjectReference } from '../../lib/kube/index.ts';
import type { PreparedPromotion, PromotionRequest, PromotionResult } from '../strategy.ts';
import type { FluxEvents } from './flux-events.ts';

/** The Kubernetes Event on the Pipeline. */
export interface PromoteEvent {
  /** Name of the Event: the same for each attempt at the same promotion. */
  readonly name: string;
  readonly regarding: ObjectReference;
  readonly type: 'Normal';
  readonly reason: 'Promote';
  readonly message: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface NotificationPromoter {
  /** To carry it out throws NotificationFailed, and what `emit` throws: nothing is sent and forgotten. */
  prepare(request: PromotionRequest, signal?: AbortSignal): Promise<PreparedPromotion>;
}

export interface NotificationDeps {
  /** Writes the event to Kubernetes; one of this name that is there already is no error. */
  readonly emit: (event: PromoteEvent) => Promise<unknown>;
  /** Undefined: Kubernetes Events only. */
  readonly fluxEvents?: FluxEvents | undefined;
  readonly now: () => Date;
}

/** The strategy `notification`: an event that Flux's Alerts pass on to whatever does the promotion. */
export function createNotificationPromoter(deps: NotificationDeps): NotificationPromoter {
  async function notify(request: PromotionRequest, signal?: AbortSignal): Promise<PromotionResult> {
    const token = tokenOf(request);
    const event = promoteEvent(request, token);
    await deps.emit(event);
    const { regarding, reason, message, annotations: metadata } = event;
    const flux = { regarding, severity: 'info', reason, message, metadata, token, at: deps.now() } as const;
    await deps.fluxEvents?.post(flux, signal);
    return { kind: 'notified' };
  }

  return {
    prepare: async (request, signal) => ({ carryOut: () => notify(request, signal), discard() {} }),
  };
}

/**
 * Tells promotions from attempts: a revision that comes a second time is raised a second time, a retry of one
 * promotion is not.
 */
function tokenOf({ pipeline, environment, revision, startedAt = '' }: PromotionRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([pipeline.uid, environment, revision, startedAt]))
    .digest('hex');
}

function promoteEvent({ pipeline, environment, revision }: PromotionRequest, token: string): PromoteEvent {
  return {
    name: eventName(pipeline.name, token, 'promote'),
    regarding: {
      apiVersion: API_VERSION,
      kind: KIND,
      namespace: pipeline.namespace,
      name: pipeline.name,
      uid: pipeline.uid,
    },
    type: 'Normal',
    reason: 'Promote',
    message: `Promote pipeline ${pipeline.namespace}/${pipeline.name} to ${environment} with version ${revision}`,
    annotations: { [EVENT_ENVIRONMENT]: environment, [EVENT_VERSION]: revision },
  };
}

import { createHash } from 'node:crypto';
import {
  EVENT_ENVIRONMENT,
  EVENT_FROM,
  EVENT_PHASE,
  EVENT_PULL_REQUEST,
  EVENT_VERSION,
} from '../api/group.ts';
import type { Transition } from '../decide/report/transitions.ts';
import { defined } from '../lib/defined.ts';
import { eventName, type KubeEvent, type ObjectReference } from '../lib/kube/index.ts';
import type { FluxEvents } from '../promote/notification/flux-events.ts';
import type { Outbox } from './outbox.ts';

/** A transition of a Pipeline. */
export interface PipelineEvent extends Transition {
  readonly regarding: ObjectReference;
}

export interface PipelineEventsDeps {
  /** Writes it to Kubernetes; one of this name that is there already is no error. */
  readonly emit: (event: KubeEvent) => Promise<unknown>;
  /** Undefined: Kubernetes Events only. */
  readonly fluxEvents?: FluxEvents | undefined;
  /** One for each receiver, so that neither waits for the other. */
  readonly outboxes: { readonly kubernetes: Outbox; readonly flux: Outbox };
  readonly now: () => Date;
}

const NOT_WRITTEN =
  'the Kubernetes Event is dropped: check that the API server answers and lets Turnpike create Events';
const NOT_HANDED_OVER =
  "the event for Flux's Alerts is dropped: check that notification-controller runs at --events-addr";

/**
 * Tells a transition: as a Kubernetes Event and, where an address is set, to notification-controller. Returns at
 * once.
 */
export function createPipelineEvents({ emit, fluxEvents, outboxes, now }: PipelineEventsDeps) {
  return (event: PipelineEvent): void => {
    const { regarding, type, reason, message, environment } = event;
    const token = tokenOf(event);
    const metadata = metadataOf(event);
    const at = now();
    const fields = { namespace: regarding.namespace, name: regarding.name, environment, reason, message };
    const name = eventName(regarding.name, token);
    const kube = { name, regarding, type, reason, message, annotations: metadata, at };
    outboxes.kubernetes.add({ send: () => emit(kube), fields, lost: NOT_WRITTEN });
    if (!fluxEvents) return;
    const severity = type === 'Warning' ? 'error' : 'info';
    const flux = { regarding, severity, reason, message, metadata, token, at } as const;
    outboxes.flux.add({ send: (signal) => fluxEvents.post(flux, signal), fields, lost: NOT_HANDED_OVER });
  };
}

function metadataOf({ environment, version, from, pullRequest, phase }: Transition): Record<string, string> {
  return {
    [EVENT_ENVIRONMENT]: environment,
    [EVENT_VERSION]: version,
    ...defined({ [EVENT_FROM]: from, [EVENT_PULL_REQUEST]: pullRequest }),
    [EVENT_PHASE]: phase,
  };
}

/** The same for each attempt to send one transition, another one when it happens again. */
function tokenOf({ regarding, environment, version, reason, moment }: PipelineEvent): string {
  return createHash('sha256')
    .update(JSON.stringify([regarding.uid, environment, version, reason, moment]))
    .digest('hex');
}

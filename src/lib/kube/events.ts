import { hasCode } from '../errors.ts';
import { cutBytes, wholeSeconds } from '../text/index.ts';
import { apiStatus } from './client/status.ts';
import type { KubeClient } from './client/transport.ts';
import { resourcePath } from './path.ts';
import type { ObjectReference } from './reference.ts';

/** An Event of an object, for `kubectl describe` and watchers of Events. */
export interface KubeEvent {
  readonly regarding: ObjectReference & { readonly resourceVersion?: string };
  readonly type: 'Normal' | 'Warning';
  /** CamelCase. */
  readonly reason: string;
  /** Cut at 1024 bytes, the API server's limit. */
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Name of the Event itself, for one that must exist only once. Default: a random one. */
  readonly name?: string;
  /** Time of the Event. Default: now. */
  readonly at?: Date;
}

export interface EventRecorder {
  /** `exists`: there is an Event of that name already. */
  emit(event: KubeEvent): Promise<'created' | 'exists'>;
}

export interface EventRecorderOptions {
  /** The name of the controller that reports. */
  readonly component: string;
  /** Which of our processes reports: the name of the host. */
  readonly instance: string;
  readonly now: () => Date;
}

const MESSAGE_BYTES = 1024;
/** Leaves room for a suffix: names of objects are at most 253 characters. */
const NAME_PREFIX_LENGTH = 200;
const TOKEN_LENGTH = 16;

export function createEventRecorder(client: KubeClient, options: EventRecorderOptions): EventRecorder {
  async function emit(event: KubeEvent): Promise<'created' | 'exists'> {
    const { namespace } = event.regarding;
    const path = resourcePath({ apiVersion: 'v1', namespace, plural: 'events' });
    try {
      await client.request({ method: 'POST', path, body: eventBody(event, options) });
      return 'created';
    } catch (error) {
      if (hasCode(error, 'ApiConflict') && apiStatus(error)?.reason === 'AlreadyExists') return 'exists';
      throw error;
    }
  }

  return { emit };
}

function eventBody(event: KubeEvent, { component, instance, now }: EventRecorderOptions): object {
  const { regarding, type, reason, message, annotations } = event;
  const time = wholeSeconds((event.at ?? now()).toISOString());
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: event.name ?? eventName(regarding.name, crypto.randomUUID().replaceAll('-', '')),
      namespace: regarding.namespace,
      ...(annotations && { annotations }),
    },
    involvedObject: regarding,
    type,
    reason,
    message: cutBytes(message, MESSAGE_BYTES),
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component, host: instance },
    reportingComponent: component,
    reportingInstance: instance,
  };
}

/**
 * Names an Event: that of its object, a word of its own where it has one, and the beginning of a token. A name ends in
 * a letter or digit before each dot.
 */
export function eventName(object: string, token: string, word?: string): string {
  const prefix = object.slice(0, NAME_PREFIX_LENGTH).replace(/[^a-z0-9]+$/, '');
  return [prefix, ...(word === undefined ? [] : [word]), token.slice(0, TOKEN_LENGTH)].join('.');
}

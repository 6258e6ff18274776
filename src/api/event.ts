import * as v from 'valibot';
import { groupOf } from '../lib/kube/pure.ts';

/**
 * An event as Flux's notification-controller delivers it (event.toolkit.fluxcd.io/v1beta1): only what is
 * used. `timestamp` is RFC 3339 and signed with the rest of the body.
 */
export const FluxEvent = v.object({
  involvedObject: v.object({
    apiVersion: v.optional(v.string(), ''),
    kind: v.string(),
    namespace: v.optional(v.string(), ''),
    name: v.string(),
  }),
  severity: v.optional(v.string(), 'info'),
  timestamp: v.nullish(v.pipe(v.string(), v.check(isTimestamp, 'The timestamp is not in RFC 3339.'))),
  message: v.optional(v.string(), ''),
  reason: v.optional(v.string(), ''),
  metadata: v.nullish(v.record(v.string(), v.string())),
  reportingController: v.optional(v.string(), ''),
});
export type FluxEvent = v.InferOutput<typeof FluxEvent>;

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;

/** Not before 1970: an offset could bring the year below 0, which no API server takes. */
function isTimestamp(value: string): boolean {
  return RFC3339.test(value) && Date.parse(value) >= 0;
}

/** The revision in an event's metadata, or undefined when there is none. */
export function eventRevision(event: FluxEvent): string | undefined {
  return metadataOf(event, 'revision');
}

/** The digest of a chart's artifact in an OCI registry, which helm-controller says beside the chart's version. */
export function eventArtifact(event: FluxEvent): string | undefined {
  return metadataOf(event, 'oci-digest');
}

/**
 * The cluster that the event says it comes from. Flux does not know its cluster's name: notification-controller
 * sends the keys of an Alert's `eventMetadata` as they are (Flux RFC 0008).
 */
export function eventCluster(event: FluxEvent): string | undefined {
  return metadataOf(event, 'cluster');
}

/** notification-controller takes these groups off; other senders may leave them before the key. */
export function metadataOf({ metadata, involvedObject }: FluxEvent, key: string): string | undefined {
  const group = groupOf(involvedObject.apiVersion);
  for (const name of [key, `${group}/${key}`, `${EVENT_GROUP}/${key}`]) {
    const value = metadata && Object.hasOwn(metadata, name) ? metadata[name] : undefined;
    if (value) return value;
  }
  return undefined;
}

const EVENT_GROUP = 'event.toolkit.fluxcd.io';

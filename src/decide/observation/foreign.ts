import { HIDE_MESSAGES } from '../../api/group.ts';
import { cut, oneLine } from '../../lib/text/index.ts';
import type { Observation } from './application.ts';

/** Limits what a Pipeline shows of the objects of other namespaces. */

/** The consent of a namespace to show its messages in Pipelines of other namespaces. */
export type Disclosure =
  | { readonly kind: 'shown' }
  /** `why` is half a sentence. */
  | { readonly kind: 'hidden'; readonly why: string };

/** Reads the annotations of the namespace. */
export function disclosureOf(annotations: Readonly<Record<string, string>> | null | undefined): Disclosure {
  if (annotations?.[HIDE_MESSAGES] !== 'true') return { kind: 'shown' };
  return { kind: 'hidden', why: `its annotation ${HIDE_MESSAGES} hides them` };
}

/** Length limit of a foreign text: the message of an object, or a cluster's answer. */
export const MAX_FOREIGN = 200;

/** Foreign text on one line, without characters that a terminal or a chat interprets. */
export function shownForeign(text: string): string {
  return cut(oneLine(text), MAX_FOREIGN);
}

/** The part of an observation that may be shown of an application in this namespace, which is not the Pipeline's. */
export function foreignObservation(
  seen: Observation,
  namespace: string,
  disclosure: Disclosure,
): Observation {
  if (seen.kind !== 'application' || seen.message === undefined) return seen;
  if (disclosure.kind === 'shown') return { ...seen, message: shownForeign(seen.message) };
  const message = `It is not ready. Messages of the namespace ${namespace} are not shown: ${disclosure.why}.`;
  return { ...seen, message };
}

/** The part of a cluster's error that may be shown, for a GitopsCluster in this namespace. */
export function foreignError(error: string, cluster: string, disclosure: Disclosure): string {
  if (disclosure.kind === 'shown') return shownForeign(error);
  return `Cluster ${cluster} cannot be read. The reason is not shown: of the namespace, ${disclosure.why}.`;
}

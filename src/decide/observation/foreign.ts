import { HIDE_MESSAGES } from '../../api/group.ts';
import { cut, oneLine } from '../../lib/text/index.ts';
import type { Observation } from './application.ts';

/** What a Pipeline shows of the objects of other namespaces. */

/** Whether a namespace lets Pipelines of others show its messages. */
export type Disclosure =
  | { readonly kind: 'shown' }
  /** `why` is half a sentence. */
  | { readonly kind: 'hidden'; readonly why: string };

/** By the annotations of the namespace. */
export function disclosureOf(annotations: Readonly<Record<string, string>> | null | undefined): Disclosure {
  if (annotations?.[HIDE_MESSAGES] !== 'true') return { kind: 'shown' };
  return { kind: 'hidden', why: `its annotation ${HIDE_MESSAGES} hides them` };
}

/** Whatever it is: the message of an object, or what a cluster answers. */
export const MAX_FOREIGN = 200;

/** Somebody else's text on one line, without what a terminal or a chat would act on. */
export function shownForeign(text: string): string {
  return cut(oneLine(text), MAX_FOREIGN);
}

/** What may be shown of an application in this namespace, which is not the Pipeline's. */
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

/** The same for what came of asking a cluster by way of a GitopsCluster in this namespace. */
export function foreignError(error: string, cluster: string, disclosure: Disclosure): string {
  if (disclosure.kind === 'shown') return shownForeign(error);
  return `Cluster ${cluster} cannot be read. Why is not shown: of the namespace, ${disclosure.why}.`;
}

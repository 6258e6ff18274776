import { HIDE_MESSAGES } from '../api/group.ts';
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

const MAX_MESSAGE = 200;
/** Most of an error are words of ours. */
const MAX_ERROR = 400;

/** Somebody else's text on one line, without what a terminal or a chat would act on. */
export function shownForeign(text: string, length = MAX_MESSAGE): string {
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return line.length <= length ? line : `${line.slice(0, length - 1).toWellFormed()}…`;
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
  if (disclosure.kind === 'shown') return shownForeign(error, MAX_ERROR);
  return `Cluster ${cluster} cannot be read. Why is not shown: of the namespace, ${disclosure.why}.`;
}

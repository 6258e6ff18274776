import * as v from 'valibot';
import type { AppRef } from '../api/pipeline.ts';
import { meaningOf } from './meaning.ts';

/**
 * What was seen of an application at one of its targets. `unreadable`: its cluster cannot be asked;
 * `absent`: there is no such object. In both cases signed events decide.
 */
export type Observation =
  | { readonly kind: 'unreadable'; readonly error: string }
  | { readonly kind: 'absent'; readonly error: string }
  | {
      readonly kind: 'application';
      readonly ready: boolean;
      readonly revision?: string;
      /** Why it is not ready, in Flux's words. */
      readonly message?: string;
      /** RFC 3339; when the revision was deployed, as far as the object says. */
      readonly deployedAt?: string;
      /** The revision of a deployment that failed. */
      readonly failed?: string;
    };

const time = v.fallback(v.optional(v.string()), undefined);

const Ready = v.object({
  type: v.string(),
  status: v.string(),
  reason: v.optional(v.string(), ''),
  message: v.optional(v.string(), ''),
  observedGeneration: v.optional(v.number()),
  lastTransitionTime: time,
});

const Release = v.object({
  chartVersion: v.optional(v.string()),
  status: v.optional(v.string()),
  lastDeployed: time,
});

/** Of a HelmRelease, a Kustomization or any object with a Ready condition, what is used here. */
const Application = v.object({
  metadata: v.object({ generation: v.optional(v.number(), 0) }),
  status: v.optional(
    v.object({
      observedGeneration: v.optional(v.number()),
      conditions: v.optional(v.array(Ready), []),
      history: v.fallback(v.optional(v.array(Release)), undefined),
      lastAppliedRevision: v.optional(v.string()),
      lastAttemptedRevision: v.optional(v.string()),
    }),
    {},
  ),
});
type Application = v.InferOutput<typeof Application>;

/**
 * Reads an application object. It is ready when its Ready condition is True for the present generation.
 * HelmRelease v2 has no `lastAppliedRevision`: the chart version of the deployed release in its history
 * says what runs.
 */
export function readApplication(appRef: AppRef, object: unknown): Observation {
  const parsed = v.safeParse(Application, object);
  if (!parsed.success) {
    return { kind: 'unreadable', error: `The ${appRef.kind} has no status that is understood here.` };
  }
  const { metadata, status } = parsed.output;
  const condition = status.conditions?.find((one) => one.type === 'Ready');
  const seen = condition?.observedGeneration ?? status.observedGeneration ?? metadata.generation;
  const current = seen >= metadata.generation;
  const release = status.history?.find((one) => one.status === 'deployed');
  const revision = release?.chartVersion ?? status.lastAppliedRevision;
  const ready = current && condition?.status === 'True' && revision !== undefined;
  const deployedAt = release?.lastDeployed ?? condition?.lastTransitionTime;
  const failed = current && isFailure(condition) ? status.lastAttemptedRevision : undefined;
  return {
    kind: 'application',
    ready,
    ...(revision !== undefined && { revision }),
    ...(!ready && { message: notReady(condition, current) }),
    ...(deployedAt !== undefined && { deployedAt }),
    ...(failed !== undefined && { failed }),
  };
}

type ReadyCondition = Application['status']['conditions'] extends (infer One)[] | undefined ? One : never;

function isFailure(condition: ReadyCondition | undefined): boolean {
  if (condition?.status !== 'False') return false;
  return meaningOf({ severity: 'info', reason: condition.reason, message: '' }) === 'failed';
}

function notReady(condition: ReadyCondition | undefined, current: boolean): string {
  if (!current) return 'Flux has not looked at its newest generation yet.';
  if (!condition) return 'It has no Ready condition yet.';
  if (condition.status === 'True') return 'It is ready, but does not say which revision it runs.';
  return condition.message || condition.reason || 'It is not ready.';
}

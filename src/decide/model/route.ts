import type {
  AppRef,
  Environment,
  MergedInto,
  PipelineSpec,
  Promotion,
  Strategy,
} from '../../api/pipeline.ts';
import { type ForgeType, forgeTypeOf } from '../../lib/forges/pure.ts';
import { groupOf } from '../../lib/kube/pure.ts';
import { asManual, withOnTop } from './on-top.ts';

/** Finds environments, targets and promotions in a Pipeline's spec. */

export function environmentIndex(spec: PipelineSpec, name: string): number {
  return spec.environments.findIndex((environment) => environment.name === name);
}

/** The promotion into this environment: its own, else the Pipeline's with the environment's fields on top of it. */
export function promotionInto(spec: PipelineSpec, environment: Environment): Promotion | undefined {
  if (environment.promotion) return asManual(environment.promotion);
  return spec.promotion && withOnTop(spec.promotion, environment);
}

/** The name of the only strategy, for metrics and sentences. */
export function strategyName(strategy: Strategy | undefined): 'pull-request' | 'push' | 'notification' {
  if (strategy?.notification) return 'notification';
  return strategy?.push ? 'push' : 'pull-request';
}

/** `manual` of the promotion into this environment. */
export function isManual(spec: PipelineSpec, environment: Environment): boolean {
  return promotionInto(spec, environment)?.manual === true;
}

/**
 * Name of the Secret whose key signs approvals for the promotion into this environment. A promotion of the
 * environment's own that names no Secret falls back to the Pipeline's: the predecessor read only that one, and its
 * users' manifests must remain authenticated.
 */
export function approvalSecret(spec: PipelineSpec, environment: Environment): string | undefined {
  return (environment.promotion?.strategy.secretRef ?? spec.promotion?.strategy.secretRef)?.name;
}

/**
 * Name of the Secret whose key signs events about a deployment to `spec.environments[index]`: the one of
 * the promotion that the event would lead to; for the last environment, of the promotion into it.
 */
export function eventSecret(spec: PipelineSpec, index: number): string | undefined {
  const into = spec.environments[index + 1] ?? spec.environments[index];
  return into && approvalSecret(spec, into);
}

export interface ForgeSecret {
  readonly name: string;
  /** The environments that the promotions with this Secret lead into. */
  readonly environments: readonly string[];
}

/** The Secrets of the promotions by pull request on a forge of this type. Nothing leads into the first environment. */
export function forgeSecrets(spec: PipelineSpec, type: ForgeType): ForgeSecret[] {
  const environments = new Map<string, string[]>();
  for (const environment of spec.environments.slice(1)) {
    const settings = promotionInto(spec, environment)?.strategy['pull-request'];
    if (!settings || forgeTypeOf(settings) !== type) continue;
    const { name } = settings.webhookSecretRef ?? settings.secretRef;
    environments.set(name, [...(environments.get(name) ?? []), environment.name]);
  }
  return Array.from(environments, ([name, names]) => ({ name, environments: names }));
}

/** True if an object is the Pipeline's application; versions of one API are the same object. */
export function isApplication(appRef: AppRef, object: { apiVersion: string; kind: string; name: string }) {
  return (
    object.kind === appRef.kind &&
    object.name === appRef.name &&
    groupOf(object.apiVersion) === groupOf(appRef.apiVersion)
  );
}

/** The branch that a strategy changes; undefined: it changes none. */
export function destinationOf({ 'pull-request': settings, push }: Strategy): MergedInto | undefined {
  if (settings) return { url: settings.url, branch: settings.baseBranch };
  return push && { url: push.url, branch: push.branch };
}

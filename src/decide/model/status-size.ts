import type { Environment, PipelineSpec, Target } from '../../api/pipeline.ts';
import { promotionInto } from './route.ts';

/**
 * Bytes that a Pipeline's status may take up. etcd takes objects of 1.5 MiB, each write carries the whole of one, and
 * the API server keeps the ownership of fields beside it.
 */
export const MAX_STATUS_BYTES = 400_000;

/** Conditions, summary and all else that exists once. */
const FIXED = 20_000;
/** A revision of the greatest length, and the times and words beside it; texts are cut if there is no room. */
const TARGET = 512 + 130;
/** Four revisions, one that was rejected, and the address of a pull request, each as long as it may be. */
const ENVIRONMENT = 5 * 512 + 1024 + 1200;
/** Bytes around the name of a Secret. */
const NAMED = 20;

/** The greatest size of the status once its texts are cut and its history is left out. */
export function leastStatusBytes(spec: PipelineSpec, name: string): number {
  const application = bytesOf(spec.appRef);
  const sizes = spec.environments.map((environment) => {
    const targets = environment.targets.map((target) => application + targetBytes(target));
    return environmentBytes(spec, environment, name) + sum(targets);
  });
  return FIXED + sum(sizes);
}

function targetBytes({ namespace, clusterRef }: Target): number {
  return TARGET + namespace.length + (clusterRef ? bytesOf(clusterRef) : 0);
}

/** The pull request names its repository, its Secrets and its two branches. */
function environmentBytes(spec: PipelineSpec, environment: Environment, name: string): number {
  const settings = promotionInto(spec, environment)?.strategy['pull-request'];
  const own = environment.name.length * 2 + name.length;
  if (!settings) return ENVIRONMENT + own;
  const { url, baseBranch, secretRef, certSecretRef, proxySecretRef } = settings;
  const others = [certSecretRef, proxySecretRef].map((ref) => (ref ? ref.name.length + NAMED : 0));
  return ENVIRONMENT + own + url.length + baseBranch.length + secretRef.name.length + sum(others);
}

function bytesOf(value: unknown): number {
  return JSON.stringify(value).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

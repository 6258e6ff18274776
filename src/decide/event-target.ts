import { eventCluster, type FluxEvent } from '../api/event.ts';
import type { ClusterRef, Environment, PipelineSpec, Target } from '../api/pipeline.ts';
import { clusterKey } from './validate/environments.ts';

/** Which of an environment's targets an event is about. */

/** What the cluster that Turnpike runs in is called in events, where a name is needed for it. */
export const OWN_CLUSTER = 'management';

export interface EventOrigin {
  /** Of the involved object. */
  readonly namespace: string;
  /** `cluster` of the event's metadata. */
  readonly cluster: string | undefined;
}

export function eventOrigin(event: FluxEvent): EventOrigin {
  return { namespace: event.involvedObject.namespace, cluster: eventCluster(event) };
}

/**
 * A sentence where an event fits targets on several clusters, be they of several environments, and does not name one of
 * them. The key that has signed it may be that of all.
 */
export function unnamedCluster(
  spec: PipelineSpec,
  { namespace, cluster }: EventOrigin,
  pipelineNamespace: string,
): string | undefined {
  const targets = spec.environments.flatMap((environment) => environment.targets);
  const here = targets.filter((target) => target.namespace === namespace);
  const clusters = here.map(({ clusterRef }) =>
    clusterRef ? clusterKey(clusterRef, pipelineNamespace) : '',
  );
  if (new Set(clusters).size < 2) return undefined;
  if (cluster !== undefined && here.some((target) => isNamed(target, cluster, pipelineNamespace)))
    return undefined;
  const named = cluster === undefined ? 'names no cluster' : `names the cluster ${quoted(cluster)}`;
  return `The event ${named}, and the Pipeline has targets in the namespace ${namespace} on several clusters: ${TELL}, one of ${names(here)}.`;
}

/**
 * The one target that the event fits; a sentence when there are several or none. The same namespace may be on
 * several clusters, and an event does not say by itself which one it comes from.
 */
export function eventTarget(
  spec: PipelineSpec,
  environment: Environment,
  { namespace, cluster }: EventOrigin,
  pipelineNamespace: string,
): Target | string {
  const here = environment.targets.filter((target) => target.namespace === namespace);
  const [only] = here;
  if (!only) return `${environment.name} has no target in the namespace ${namespace}.`;
  if (cluster === undefined) {
    if (here.length === 1) return only;
    return `The event fits ${here.length} targets of ${environment.name} on different clusters: ${TELL}, one of ${names(here)}.`;
  }
  const named = here.filter((target) => isNamed(target, cluster, pipelineNamespace));
  if (named.length === 1 && named[0]) return named[0];
  if (named.length > 1) {
    return `The event's cluster ${quoted(cluster)} fits ${named.length} targets of ${environment.name}: ${TELL} as <namespace>/<name> or <kind>/<namespace>/<name>.`;
  }
  if (here.length === 1 && !only.clusterRef && !isKnown(spec, cluster, pipelineNamespace)) return only;
  return `The event says that it comes from cluster ${quoted(cluster)}, where ${environment.name} has no target in the namespace ${namespace}: ${TELL}, one of ${names(here)}.`;
}

const TELL = "name the cluster in eventMetadata.cluster of Flux's Alert";

/** What an Alert on the target's cluster says in `eventMetadata.cluster`. */
export function clusterNameOf(target: Target): string {
  return target.clusterRef?.name ?? OWN_CLUSTER;
}

function names(targets: readonly Target[]): string {
  return [...new Set(targets.map(clusterNameOf))].slice(0, MAX_NAMES).join(', ');
}

const MAX_NAMES = 10;

function isNamed({ clusterRef }: Target, cluster: string, pipelineNamespace: string): boolean {
  if (!clusterRef) return cluster === OWN_CLUSTER;
  return namesOf(clusterRef, pipelineNamespace).includes(cluster);
}

function namesOf({ kind, name, namespace }: ClusterRef, pipelineNamespace: string): string[] {
  const full = `${namespace ?? pipelineNamespace}/${name}`;
  return [name, full, `${kind}/${full}`];
}

/** Many label all events of a cluster; a label that names no cluster of the Pipeline says nothing here. */
function isKnown(spec: PipelineSpec, cluster: string, pipelineNamespace: string): boolean {
  const targets = spec.environments.flatMap((environment) => environment.targets);
  return targets.some((target) => target.clusterRef && isNamed(target, cluster, pipelineNamespace));
}

function quoted(cluster: string): string {
  return JSON.stringify(cluster.slice(0, 100));
}

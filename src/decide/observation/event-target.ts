import { eventCluster, type FluxEvent } from '../../api/event.ts';
import type { ClusterRef, Environment, PipelineSpec, Target } from '../../api/pipeline.ts';
import { cut } from '../../lib/text/index.ts';
import { clusterKey } from '../model/target-key.ts';

/** Finds the target of an environment that an event is about. */

/** The name in events of the cluster that Turnpike runs in, if it needs one. */
export const OWN_CLUSTER = 'management';

export interface EventOrigin {
  /** The namespace of the involved object. */
  readonly namespace: string;
  /** `cluster` of the event's metadata. */
  readonly cluster: string | undefined;
}

export function eventOrigin(event: FluxEvent): EventOrigin {
  return { namespace: event.involvedObject.namespace, cluster: eventCluster(event) };
}

/**
 * The sentence for an event that fits targets on several clusters, even of several environments, and does not name
 * exactly one cluster of the Pipeline. The key that signed it may be that of all.
 */
export function unnamedCluster(
  spec: PipelineSpec,
  { namespace, cluster }: EventOrigin,
  pipelineNamespace: string,
): string | undefined {
  const targets = targetsOf(spec);
  const here = targets.filter((target) => target.namespace === namespace);
  if (clustersOf(here, pipelineNamespace).size < 2) return undefined;
  const named = targets.filter(
    (target) => cluster !== undefined && isNamed(target, cluster, pipelineNamespace),
  );
  const several = clustersOf(named, pipelineNamespace).size;
  if (several > 1) {
    const advice =
      cluster === OWN_CLUSTER ? RENAME : `${NAME_CLUSTER}, one of ${names(named, spec, pipelineNamespace)}`;
    return `The event's cluster ${quoted(cluster ?? '')} fits ${several} clusters of the Pipeline: ${advice}.`;
  }
  if (named.some((target) => target.namespace === namespace)) return undefined;
  const said = cluster === undefined ? 'names no cluster' : `names the cluster ${quoted(cluster)}`;
  return `The event ${said}, and the Pipeline has targets in the namespace ${namespace} on several clusters: ${NAME_CLUSTER}, one of ${names(here, spec, pipelineNamespace)}.`;
}

/** Returns one target for each cluster. */
function clustersOf(targets: readonly Target[], pipelineNamespace: string): Map<string, Target> {
  return new Map(
    targets.map((target) => [
      target.clusterRef ? clusterKey(target.clusterRef, pipelineNamespace) : '',
      target,
    ]),
  );
}

/** The cluster that Turnpike runs in has no other name. */
const RENAME = 'it is the name of the cluster that Turnpike runs in, so give the other one another name';

/**
 * The one target that the event fits; a sentence if there are several or none. The same namespace may be on several
 * clusters, and an event by itself does not show which one it comes from.
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
    return `The event fits ${here.length} targets of ${environment.name} on different clusters: ${NAME_CLUSTER}, one of ${names(here, spec, pipelineNamespace)}.`;
  }
  const named = here.filter((target) => isNamed(target, cluster, pipelineNamespace));
  if (named.length === 1 && named[0]) return named[0];
  if (named.length > 1) {
    return `The event's cluster ${quoted(cluster)} fits ${named.length} targets of ${environment.name}: ${NAME_CLUSTER} as <namespace>/<name> or <kind>/<namespace>/<name>.`;
  }
  if (here.length === 1 && !only.clusterRef && !isKnown(spec, cluster, pipelineNamespace)) return only;
  return `The event says that it comes from cluster ${quoted(cluster)}, where ${environment.name} has no target in the namespace ${namespace}: ${NAME_CLUSTER}, one of ${names(here, spec, pipelineNamespace)}.`;
}

const NAME_CLUSTER = "name the cluster in eventMetadata.cluster of Flux's Alert";

/** The `eventMetadata.cluster` of an Alert on the target's cluster: the shortest name that no other cluster has. */
export function clusterNameOf(
  { clusterRef }: Target,
  others: readonly Target[],
  pipelineNamespace: string,
): string {
  if (!clusterRef) return OWN_CLUSTER;
  const all = namesOf(clusterRef, pipelineNamespace);
  const isOnlyOne = (name: string) =>
    clustersOf(
      others.filter((other) => isNamed(other, name, pipelineNamespace)),
      pipelineNamespace,
    ).size < 2;
  return all.find(isOnlyOne) ?? clusterRef.name;
}

function names(targets: readonly Target[], spec: PipelineSpec, pipelineNamespace: string): string {
  const all = targetsOf(spec);
  const some = [...clustersOf(targets, pipelineNamespace).values()].slice(0, MAX_NAMES);
  return some.map((target) => clusterNameOf(target, all, pipelineNamespace)).join(', ');
}

function targetsOf(spec: PipelineSpec): Target[] {
  return spec.environments.flatMap((environment) => environment.targets);
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

/** Many users label all events of a cluster; a label that names no cluster of the Pipeline is ignored here. */
function isKnown(spec: PipelineSpec, cluster: string, pipelineNamespace: string): boolean {
  return targetsOf(spec).some((target) => target.clusterRef && isNamed(target, cluster, pipelineNamespace));
}

function quoted(cluster: string): string {
  return JSON.stringify(cut(cluster, 100));
}

import type { AppRef, Environment, Target } from '../api/pipeline.ts';
import type { Source } from '../decide/model/artifacts.ts';
import { type Observation, readApplication } from '../decide/observation/application.ts';
import type { ApplicationReader } from '../decide/observation/application-reader.ts';
import { clusterNameOf } from '../decide/observation/event-target.ts';
import { type Disclosure, foreignError, foreignObservation } from '../decide/observation/foreign.ts';
import { errorMessage, hasCode, TurnpikeError } from '../lib/errors.ts';

/** One target's application, with what its Pipeline may show of it. All that is shown anywhere comes by here. */

/** Tells whether a namespace of our own cluster lets Pipelines of others show messages of what is in it. */
export type MessagesOf = (namespace: string) => Promise<Disclosure>;

/** A target of a Pipeline. */
export interface ObservedTarget {
  readonly appRef: AppRef;
  /** Namespace of the Pipeline. */
  readonly from: string;
  readonly target: Target;
  /** The places that its revision is read from. */
  readonly sources: readonly Source[];
  /** True: read from the API server, past the watch. */
  readonly fresh?: boolean;
}

export interface RemoteTarget extends ObservedTarget {
  readonly environment: Environment;
  /** The targets of all environments: the name of a cluster is one that none of the others has. */
  readonly all: readonly Target[];
}

/** @throws TurnpikeError ApiUnavailable */
export async function observeHere(
  place: ObservedTarget,
  applications: ApplicationReader,
  messagesOf: MessagesOf,
): Promise<Observation> {
  const { from, target } = place;
  const { namespace } = target;
  try {
    const seen = await observation(place, applications);
    if (namespace === from || !hasMessage(seen)) return seen;
    return foreignObservation(seen, namespace, await messagesOf(namespace));
  } catch (error) {
    if (hasCode(error, 'ApiUnavailable') || !(error instanceof TurnpikeError)) throw error;
    return { kind: 'unreadable', error: errorMessage(error) };
  }
}

/** Another cluster's being away must keep nobody from deciding about the rest. */
export async function observeThere(
  place: RemoteTarget,
  applications: ApplicationReader,
  messagesOf: MessagesOf,
): Promise<Observation> {
  const { from, environment, target, all } = place;
  // The namespace of the GitopsCluster decides what is shown of its cluster.
  const owner = target.clusterRef?.namespace ?? from;
  const isForeign = owner !== from;
  try {
    const seen = await observation(place, applications);
    return isForeign && hasMessage(seen) ? foreignObservation(seen, owner, await messagesOf(owner)) : seen;
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error;
    const condition = isAlone(environment, target)
      ? ''
      : ` with cluster: ${clusterNameOf(target, all, from)} in their metadata`;
    const said = isForeign ? await foreignFailure(place, error, messagesOf) : errorMessage(error);
    return { kind: 'unreadable', error: `${said} Its signed events${condition} are trusted.` };
  }
}

/** A reference that is refused has the same sentence whatever is there, and no words of a cluster in it. */
async function foreignFailure(
  { from, target }: ObservedTarget,
  error: TurnpikeError,
  messagesOf: MessagesOf,
): Promise<string> {
  if (hasCode(error, 'ConfigInvalid') || !target.clusterRef) return errorMessage(error);
  const { kind, name, namespace = from } = target.clusterRef;
  return foreignError(errorMessage(error), `${kind} ${namespace}/${name}`, await messagesOf(namespace));
}

function hasMessage(seen: Observation): boolean {
  return seen.kind === 'application' && seen.message !== undefined;
}

/** True: an event from the target's namespace can be about no other target of the environment. */
function isAlone({ targets }: Environment, target: Target): boolean {
  return targets.every((other) => other === target || other.namespace !== target.namespace);
}

async function observation(
  { appRef, target, sources, fresh = false }: ObservedTarget,
  applications: ApplicationReader,
): Promise<Observation> {
  const paths = sources.flatMap(({ path }) => path ?? []);
  const application = await applications.read(appRef, target.namespace, { fresh, paths });
  if (application !== undefined) return readApplication(appRef, application, sources);
  return { kind: 'absent', error: `There is no ${appRef.kind} ${target.namespace}/${appRef.name}.` };
}

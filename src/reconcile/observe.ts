import { errorMessage, hasCode, TurnpikeError } from '../api/errors.ts';
import type { AppRef, ClusterRef, Environment, Pipeline, Target } from '../api/pipeline.ts';
import { type Observation, readApplication } from '../decide/application.ts';
import { clusterNameOf } from '../decide/event-target.ts';
import { findTarget, type Observations, targetIdentity } from '../decide/fold.ts';
import { mayBeStale } from '../decide/stale.ts';
import { environmentStatus } from '../decide/state.ts';

/** Reads an application object; undefined when there is none. `fresh`: past what was watched, from the API server. */
export interface ApplicationReader {
  read(appRef: AppRef, namespace: string, fresh?: boolean): Promise<unknown | undefined>;
}

/** The clusters that Pipelines name. A `TurnpikeError` of theirs is about that cluster alone. */
export interface ClusterReaders {
  reader(ref: ClusterRef, pipelineNamespace: string): ApplicationReader;
}

/** Where applications are read. */
export interface Readers {
  readonly applications: ApplicationReader;
  readonly clusters: ClusterReaders;
}

/**
 * Gathers what all targets run. What cannot be read is an observation too. Only our own API server's being
 * away is an error: nothing can be decided then. What may be older than the record is read once more.
 *
 * @throws TurnpikeError ApiUnavailable
 */
export async function observe(
  { metadata, spec, status }: Pick<Pipeline, 'metadata' | 'spec' | 'status'>,
  readers: Readers,
): Promise<Observations> {
  const entries = spec.environments.map(async (environment) => {
    const state = environmentStatus(status, environment.name);
    const seen = environment.targets.map(async (target) => {
      const look = (fresh: boolean) => {
        if (!target.clusterRef) return observeHere(spec.appRef, target, atLeast(readers.applications, fresh));
        const reader = readers.clusters.reader(target.clusterRef, metadata.namespace);
        return observeThere(spec.appRef, { environment, target }, atLeast(reader, fresh));
      };
      const first = await look(false);
      const recorded = findTarget(state, targetIdentity(spec, target));
      return mayBeStale(recorded, first) ? look(true) : first;
    });
    return [environment.name, await Promise.all(seen)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function atLeast(reader: ApplicationReader, fresh: boolean): ApplicationReader {
  return { read: (appRef, namespace) => reader.read(appRef, namespace, fresh) };
}

async function observeHere(
  appRef: AppRef,
  target: Target,
  applications: ApplicationReader,
): Promise<Observation> {
  try {
    return observation(appRef, target, await applications.read(appRef, target.namespace));
  } catch (error) {
    if (hasCode(error, 'ApiUnavailable') || !(error instanceof TurnpikeError)) throw error;
    return { kind: 'unreadable', error: errorMessage(error) };
  }
}

/** Another cluster's being away must keep nobody from deciding about the rest. */
async function observeThere(
  appRef: AppRef,
  { environment, target }: { readonly environment: Environment; readonly target: Target },
  applications: ApplicationReader,
): Promise<Observation> {
  try {
    return observation(appRef, target, await applications.read(appRef, target.namespace));
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error;
    const condition = isAlone(environment, target)
      ? ''
      : ` with cluster: ${clusterNameOf(target)} in their metadata`;
    return {
      kind: 'unreadable',
      error: `${errorMessage(error)} Its signed events${condition} are believed.`,
    };
  }
}

/** Whether an event from the target's namespace can be about no other target of the environment. */
function isAlone({ targets }: Environment, target: Target): boolean {
  return targets.every((other) => other === target || other.namespace !== target.namespace);
}

function observation(appRef: AppRef, target: Target, object: unknown): Observation {
  if (object !== undefined) return readApplication(appRef, object);
  return { kind: 'absent', error: `There is no ${appRef.kind} ${target.namespace}/${appRef.name}.` };
}

import { errorMessage, hasCode, TurnpikeError } from '../api/errors.ts';
import type { AppRef, ClusterRef, Environment, Pipeline, Target } from '../api/pipeline.ts';
import { type Observation, readApplication } from '../decide/application.ts';
import { clusterNameOf } from '../decide/event-target.ts';
import type { Observations } from '../decide/fold.ts';

/** Reads an application object; undefined when there is none. */
export interface ApplicationReader {
  read(appRef: AppRef, namespace: string): Promise<unknown | undefined>;
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
 * away is an error: nothing can be decided then.
 *
 * @throws TurnpikeError ApiUnavailable
 */
export async function observe(
  { metadata, spec }: Pick<Pipeline, 'metadata' | 'spec'>,
  readers: Readers,
): Promise<Observations> {
  const entries = spec.environments.map(async (environment) => {
    const seen = environment.targets.map((target) => {
      if (!target.clusterRef) return observeHere(spec.appRef, target, readers.applications);
      const reader = readers.clusters.reader(target.clusterRef, metadata.namespace);
      return observeThere(spec.appRef, { environment, target }, reader);
    });
    return [environment.name, await Promise.all(seen)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
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

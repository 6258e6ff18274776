import { errorMessage, hasCode, TurnpikeError } from '../api/errors.ts';
import type { AppRef, PipelineSpec, Target } from '../api/pipeline.ts';
import { type Observation, readApplication } from '../decide/application.ts';
import type { Observations } from '../decide/fold.ts';

/** Reads an application object; undefined when there is none. */
export interface ApplicationReader {
  read(appRef: AppRef, namespace: string): Promise<unknown | undefined>;
}

/**
 * Gathers what all targets run. What cannot be read is an observation too. Only an API server that is
 * away is an error: nothing can be decided then.
 *
 * @throws TurnpikeError ApiUnavailable
 */
export async function observe(spec: PipelineSpec, applications: ApplicationReader): Promise<Observations> {
  const entries = spec.environments.map(async ({ name, targets }) => {
    const seen = await Promise.all(targets.map((target) => observeTarget(spec.appRef, target, applications)));
    return [name, seen] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function observeTarget(
  appRef: AppRef,
  target: Target,
  applications: ApplicationReader,
): Promise<Observation> {
  if (target.clusterRef) {
    const { kind, name } = target.clusterRef;
    return {
      kind: 'unreadable',
      error: `Cluster ${kind} ${name} is not read by this version; its signed events are believed.`,
    };
  }
  try {
    const object = await applications.read(appRef, target.namespace);
    if (object !== undefined) return readApplication(appRef, object);
    return { kind: 'absent', error: `There is no ${appRef.kind} ${target.namespace}/${appRef.name}.` };
  } catch (error) {
    if (hasCode(error, 'ApiUnavailable') || !(error instanceof TurnpikeError)) throw error;
    return { kind: 'unreadable', error: errorMessage(error) };
  }
}

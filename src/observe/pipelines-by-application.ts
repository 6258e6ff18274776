import { type AppRef, keyNames, type PipelineKey } from '../api/pipeline.ts';
import { applicationKey, applicationKeys } from '../decide/validation.ts';
import type { SpecChanges } from './pipelines/spec-changes.ts';

/**
 * Finds the Pipelines with an application among their targets, up to date as they change: a question costs one look-up.
 */
export interface PipelinesByApplication {
  /** Keys of the Pipelines with this application object; `target` is a `targetKey`. */
  of(appRef: AppRef, target: string): readonly PipelineKey[];
}

const NONE: readonly PipelineKey[] = [];

export function indexByApplication(specs: SpecChanges): PipelinesByApplication {
  /** Keys of applications. */
  const byPipeline = new Map<PipelineKey, readonly string[]>();
  const byApplication = new Map<string, readonly PipelineKey[]>();

  specs.subscribe((key, spec) => {
    for (const application of byPipeline.get(key) ?? []) {
      const others = (byApplication.get(application) ?? NONE).filter((one) => one !== key);
      if (others.length > 0) byApplication.set(application, others);
      else byApplication.delete(application);
    }
    const applications = spec ? applicationKeys(spec, keyNames(key).namespace) : [];
    if (applications.length > 0) byPipeline.set(key, applications);
    else byPipeline.delete(key);
    for (const application of applications) {
      byApplication.set(application, [...(byApplication.get(application) ?? NONE), key]);
    }
  });

  return { of: (appRef, target) => byApplication.get(applicationKey(appRef, target)) ?? NONE };
}

import type { AppRef, PipelineKey, PipelineSpec, StoredPipeline } from '../api/pipeline.ts';
import { applicationKey, applicationKeys } from '../decide/validation.ts';

/** Which Pipelines govern an application, kept up to date as they change: asking costs one look-up. */
export interface Governors {
  /** Keys of the Pipelines with this application object among their targets; `target` is a `targetKey`. */
  of(appRef: AppRef, target: string): readonly PipelineKey[];
}

/** A Pipeline that names other applications than before; without a spec it names none any more. */
export type SpecListener = (key: PipelineKey, spec: PipelineSpec | undefined) => void;

interface Source {
  get(key: PipelineKey): StoredPipeline | undefined;
  subscribe(listener: (key: PipelineKey) => void): unknown;
}

interface Entry {
  readonly uid: string;
  readonly generation: number;
  readonly applications: readonly string[];
}

const NOBODY: readonly PipelineKey[] = [];

/** `onSpec` hears of each new spec that holds to the schema, and of the end of each. */
export function createGovernors(pipelines: Source, onSpec: SpecListener = () => {}): Governors {
  const entries = new Map<PipelineKey, Entry>();
  const byApplication = new Map<string, readonly PipelineKey[]>();

  function forget(key: PipelineKey): void {
    for (const application of entries.get(key)?.applications ?? []) {
      const others = (byApplication.get(application) ?? NOBODY).filter((one) => one !== key);
      if (others.length > 0) byApplication.set(application, others);
      else byApplication.delete(application);
    }
    entries.delete(key);
  }

  function learn(key: PipelineKey, { metadata, spec }: StoredPipeline): void {
    const { uid, generation, namespace } = metadata;
    const applications = spec.ok ? applicationKeys(spec.value, namespace) : [];
    entries.set(key, { uid, generation, applications });
    for (const application of applications) {
      byApplication.set(application, [...(byApplication.get(application) ?? NOBODY), key]);
    }
  }

  /** Most changes are of the status: they cost a comparison. */
  function update(key: PipelineKey): void {
    const pipeline = pipelines.get(key);
    const known = entries.get(key);
    const { uid, generation } = pipeline?.metadata ?? {};
    if (known && known.uid === uid && known.generation === generation) return;
    forget(key);
    if (pipeline) learn(key, pipeline);
    onSpec(key, pipeline?.spec.ok ? pipeline.spec.value : undefined);
  }

  pipelines.subscribe(update);
  return {
    of: (appRef, target) => byApplication.get(applicationKey(appRef, target)) ?? NOBODY,
  };
}

import type { PipelineSpec } from '../../../src/api/pipeline.ts';
import { receiveWith, targetToLookAt } from '../../../src/decide/observation/receive/look.ts';
import { readLetter } from '../observer/facts.ts';
import type { Box, State } from '../plant/box.ts';
import { APPLICATION, NAME, NAMESPACE } from '../plant/names.ts';
import type { Plant } from '../plant/plant.ts';
import { appAt, type Happening } from '../world/clusters.ts';
import type { Letter as Mail } from '../world/world.ts';

/** One thing that may happen. */
export interface Letter {
  /** A name in plain English. */
  readonly name: string;
  readonly may: (state: State) => boolean;
  readonly happen: (box: Box, stage: Stage) => void;
}

/** The parts that carry out letters. */
export interface Stage {
  readonly plant: Plant;
  /** `told`: each event arrives at once; `mailed`: later, in any order, or never; `none`: Flux sends none. */
  readonly events: 'reported' | 'mailed' | 'none';
  /** Revisions in the order of their release. */
  readonly revisions: readonly string[];
}

/** More letters are not under way at once: those that are left out are lost. */
const MAX_MAIL = 3;

export function hear(box: Box, { world, letters }: Happening, stage: Stage): void {
  box.world = world;
  for (const letter of letters) {
    if (stage.events === 'reported') deliver(box, letter, stage);
    if (stage.events === 'mailed')
      box.world = { ...box.world, mail: [...box.world.mail, letter].slice(-MAX_MAIL) };
  }
}

/** An application that is watched has changed. */
export function touch(box: Box, environment: string, target: number): void {
  if (appAt(box.world, environment, target)?.readable) box.isDirty = true;
}

export function deliver(box: Box, letter: Mail, { plant }: Stage): void {
  const { environment, target, reason, severity, revision, at } = letter;
  const event = {
    involvedObject: { ...APPLICATION, namespace: `${environment}-${target}` },
    severity,
    timestamp: new Date(at).toISOString(),
    message: `${reason} of ${revision}`,
    reason,
    metadata: { revision },
    reportingController: 'helm-controller',
  };
  plant.write(box, (pipeline, now) => {
    const target = targetToLookAt(pipeline, environment, event, now);
    const seen = target && plant.look(box, target.namespace);
    return receiveWith(target && seen && { target, seen }, pipeline, { environment, event }, now);
  });
  const isReadable = appAt(box.world, environment, target)?.readable ?? false;
  box.facts = readLetter(box.facts, letter, isReadable);
}

/** A person changes the spec. */
export function respec(box: Box, change: (spec: PipelineSpec) => PipelineSpec): void {
  const { metadata, spec, status } = box.stored;
  if (!spec.ok) return;
  const generation = metadata.generation + 1;
  const resourceVersion = String(Number(metadata.resourceVersion) + 1);
  const value = change(spec.value);
  box.stored = { metadata: { ...metadata, generation, resourceVersion }, spec: { ok: true, value }, status };
  box.isDirty = true;
}

export function specOf({ stored }: Pick<State, 'stored'>): PipelineSpec {
  if (!stored.spec.ok) throw new Error(`the spec of ${NAMESPACE}/${NAME} is broken`);
  return stored.spec.value;
}

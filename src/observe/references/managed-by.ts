import { GROUP, PLURAL } from '../../api/group.ts';
import { keyNames, type PipelineKey, pipelineKey } from '../../api/pipeline.ts';
import {
  alsoManagedBy,
  alsoManagedByForeign,
  alsoManagedByUnnamed,
  type References,
} from '../../decide/validation.ts';
import type { Soon } from '../../lib/async/index.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import { eachInTurn, type Lookup, mayGet } from './lookup-context.ts';

/** Each Pipeline that is named to a viewer is a question to the API server. */
const MAX_NAMED = 5;

/** Warns of other Pipelines that promote the applications of a spec: a sentence for each target, by its key. */
export async function managedByWarnings(
  lookup: Lookup,
  references: References,
): Promise<Map<string, string>> {
  const { names, appRef, targets } = references;
  const own = pipelineKey(names.namespace, names.name);
  const others = new Map<string, PipelineKey>();
  for (const { key } of targets) {
    const other = lookup.deps.byApplication.of(appRef, key).find((one) => one !== own);
    if (other) others.set(key, other);
  }
  if (others.size === 0) return new Map();
  const named = await namedPipelines(lookup, new Set(others.values()), names.namespace);
  return new Map([...others].map(([key, other]) => [key, managedBySentence(other, named, names.namespace)]));
}

/** The Pipelines that may be named: those of the same namespace, and of these the ones that the viewer may see. */
async function namedPipelines(
  lookup: Lookup,
  others: ReadonlySet<PipelineKey>,
  namespace: string,
): Promise<ReadonlySet<PipelineKey>> {
  const { lookups, deps } = lookup;
  const near = [...others].filter((one) => keyNames(one).namespace === namespace);
  if (!deps.subjects) return new Set(near);
  const some = near.slice(0, MAX_NAMED);
  const answers = await eachInTurn(some, { key: String, lookups }, (one) => maySee(lookup, one));
  return new Set(some.filter((one) => answers.get(one)));
}

function maySee(lookup: Lookup, pipeline: PipelineKey): Soon<boolean> {
  const allowed = mayGet(lookup, { group: GROUP, resource: PLURAL, ...keyNames(pipeline) });
  return allowed instanceof Promise ? allowed.catch(notSeen) : allowed;
}

function notSeen(error: unknown): boolean {
  if (error instanceof TurnpikeError) return false;
  throw error;
}

function managedBySentence(other: PipelineKey, named: ReadonlySet<PipelineKey>, namespace: string): string {
  const { namespace: inNamespace, name } = keyNames(other);
  if (named.has(other)) return alsoManagedBy(inNamespace, name);
  return inNamespace === namespace ? alsoManagedByUnnamed() : alsoManagedByForeign();
}

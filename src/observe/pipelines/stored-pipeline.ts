import * as v from 'valibot';
import {
  EnvironmentStatus,
  type Execution,
  ExecutionEntry,
  ObjectMeta,
  type PipelineKey,
  PipelineStatus,
  pipelineKey,
  type StoredPipeline,
} from '../../api/pipeline.ts';
import { parseSpec, problemLine } from '../../decide/validation.ts';
import { parseFirst } from '../../lib/first-fault.ts';
import { parseLenient } from './parse-lenient.ts';

const Raw = v.object({
  metadata: ObjectMeta,
  spec: v.optional(v.unknown()),
  status: v.optional(v.unknown()),
});

/** kubectl's copy of the whole manifest: it is not worth its memory in the cache. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const MAX_PROBLEMS = 20;

/**
 * Reads an object of the API server once, when it enters the cache; `managedFields` are left out. A faulty spec becomes
 * its problems, and of a faulty status as much is taken as can be read.
 */
export function parseStoredPipeline(raw: unknown): StoredPipeline {
  const { metadata, spec, status } = parseFirst(Raw, raw);
  return {
    metadata: withoutLastApplied(metadata),
    spec: storedSpec(spec),
    status: storedStatus(status),
  };
}

export function storedKey(pipeline: StoredPipeline): PipelineKey {
  return pipelineKey(pipeline.metadata.namespace, pipeline.metadata.name);
}

function withoutLastApplied(metadata: ObjectMeta): ObjectMeta {
  if (!metadata.annotations) return metadata;
  const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations;
  return { ...metadata, annotations };
}

/** valibot leaves out entries called `constructor` or `prototype`, which environments may have as names. */
function storedStatus(raw: unknown): PipelineStatus {
  const parsed = (raw === undefined ? undefined : parseLenient(PipelineStatus, raw)) ?? {};
  const executions = parsed.executions?.map((one) => storedExecution(one, raw));
  const status = { ...parsed, ...(executions && { executions }) };
  if (!status.environments) return status;
  const environments = Object.entries((raw as { environments: object }).environments).flatMap(
    ([name, one]) => {
      const state = parseLenient(EnvironmentStatus, one);
      return state ? [[name, state] as const] : [];
    },
  );
  return { ...status, environments: Object.fromEntries(environments) };
}

function storedExecution(execution: Execution, raw: unknown): Execution {
  const all = (raw as { executions: ({ revision?: unknown; environments?: object } | null)[] }).executions;
  const stored = all.find((one) => one?.revision === execution.revision)?.environments ?? {};
  const missing = Object.entries(stored).flatMap(([name, one]) => {
    const entry = Object.hasOwn(execution.environments, name) ? undefined : parseLenient(ExecutionEntry, one);
    return entry ? [[name, entry] as const] : [];
  });
  if (missing.length === 0) return execution;
  return { ...execution, environments: { ...execution.environments, ...Object.fromEntries(missing) } };
}

function storedSpec(raw: unknown): StoredPipeline['spec'] {
  const parsed = parseSpec(raw);
  if (parsed.kind === 'valid') return { ok: true, value: parsed.spec };
  return { ok: false, problems: parsed.problems.slice(0, MAX_PROBLEMS).map(problemLine) };
}

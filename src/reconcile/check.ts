import { type Pipeline, type PipelineKey, pipelineKey } from '../api/pipeline.ts';
import {
  checkReferences,
  checkSpec,
  type FieldProblem,
  type Findings,
  NO_FINDINGS,
  problemLine,
  type ReferencedObjects,
  type References,
  referencesOf,
  type SpecPolicy,
} from '../decide/validation.ts';
import { putBounded } from '../lib/async/index.ts';
import type { Logger } from '../lib/logger.ts';

/** The findings of the admission webhook's rules for a stored Pipeline, a line each. */
export interface CheckResult {
  /** Faults of the spec: nothing is done until somebody mends them. */
  readonly spec: readonly string[];
  /** Faults of the Secrets that it names: what needs none of them is done. */
  readonly secrets: readonly string[];
  readonly warnings: readonly string[];
}

/** `spec` at once; the rest when it is asked for. */
export interface Checking {
  readonly spec: readonly string[];
  readonly whole: () => Promise<CheckResult>;
  /** Tells whether a Secret that the spec names, or what is wrong with it, has changed since `handled` was called. */
  readonly changed: () => Promise<boolean>;
  /** Notes that the changes are acted on. */
  readonly handled: () => void;
}

export type CheckPipeline = (pipeline: Pipeline) => Checking;

export interface CheckDeps {
  readonly policy: SpecPolicy;
  readonly gather: (references: References) => Promise<ReferencedObjects>;
  /** Called when a look at what is around a Pipeline has brought something new. */
  readonly onChange: (key: PipelineKey) => void;
  /** Waited for before what was good is looked at again: not while a promotion may be under way. */
  readonly calm: () => Promise<void>;
  readonly log: Logger;
  readonly now: () => Date;
}

interface KnownFindings {
  readonly generation: number;
  readonly findings: Findings;
  /** Tells one state of each Secret from another, by its name; absent while it is not known. */
  readonly secrets: ReadonlyMap<string, string>;
  /** The Secrets differ from those that were acted on last. */
  readonly isNews: boolean;
  /** In milliseconds. */
  readonly at: number;
  readonly until: number;
}

/** Secrets change without a word to us: what is good is looked at again after a minute, what is not sooner. */
const GOOD_FOR_MS = 60_000;
const BAD_FOR_MS = 10_000;
const MAX_KNOWN = 20_000;

/** Pipelines may be older than the webhook, or have come while it was away: the same rules, once more. */
export function createCheck({ policy, gather, onChange, calm, log, now }: CheckDeps): CheckPipeline {
  const known = new Map<string, KnownFindings>();
  const looking = new Set<string>();

  /** Good findings serve while they are looked at again: no promotion waits for that. */
  async function referenceFindings(pipeline: Pipeline): Promise<Findings> {
    const { uid, generation } = pipeline.metadata;
    const last = known.get(uid);
    if (!last || last.generation !== generation) return look(pipeline);
    if (now().getTime() < last.until) return last.findings;
    // After a fault was mended, a requested reconciliation is to show how it is now.
    if (last.findings.problems.length > 0) return look(pipeline);
    if (!looking.has(uid)) void lookAgain(pipeline, last.findings);
    return last.findings;
  }

  async function lookAgain(pipeline: Pipeline, before: Findings): Promise<void> {
    const { uid, namespace, name } = pipeline.metadata;
    looking.add(uid);
    try {
      await calm();
      if (!Bun.deepEquals(await look(pipeline), before)) onChange(pipelineKey(namespace, name));
    } catch (error) {
      logFault(log, pipeline, error);
    } finally {
      looking.delete(uid);
    }
  }

  async function look({ metadata, spec }: Pipeline): Promise<Findings> {
    const { uid, generation } = metadata;
    const references = referencesOf(spec, metadata);
    const objects = await gather(references);
    const findings = checkReferences(references, objects, policy);
    const before = known.get(uid);
    if ((before?.generation ?? 0) > generation) return findings;
    const secrets = statesOf(references, objects, before?.secrets);
    const news = { secrets, isNews: isNews(before, secrets) };
    putBounded(known, uid, { generation, findings, ...news, ...validity(findings, now()) }, MAX_KNOWN);
    return findings;
  }

  async function changed(pipeline: Pipeline): Promise<boolean> {
    const { uid } = pipeline.metadata;
    const last = known.get(uid);
    const isOld = !last || now().getTime() - last.at >= BAD_FOR_MS;
    if (isOld) await look(pipeline).catch((error) => logFault(log, pipeline, error));
    return known.get(uid)?.isNews ?? false;
  }

  function handled({ metadata: { uid } }: Pipeline): void {
    const last = known.get(uid);
    if (last?.isNews) known.set(uid, { ...last, isNews: false });
  }

  return (pipeline) => {
    const { findings } = checkSpec(pipeline.spec, policy, pipeline.metadata);
    const spec = lines(findings.problems);
    return {
      spec,
      changed: () => changed(pipeline),
      handled: () => handled(pipeline),
      async whole() {
        const around = spec.length > 0 ? NO_FINDINGS : await referenceFindings(pipeline);
        const warnings = lines([...findings.warnings, ...around.warnings]);
        return { spec, secrets: lines(around.problems), warnings };
      },
    };
  };
}

function logFault(log: Logger, { metadata: { namespace, name } }: Pipeline, error: unknown): void {
  log.error({ namespace, name, error }, 'cannot look up what the pipeline refers to');
}

function validity({ problems }: Findings, now: Date): Pick<KnownFindings, 'at' | 'until'> {
  const at = now.getTime();
  return { at, until: at + (problems.length > 0 ? BAD_FOR_MS : GOOD_FOR_MS) };
}

/** Takes all for news at first: what the process before this one acted on is not known. */
function isNews(before: KnownFindings | undefined, secrets: KnownFindings['secrets']): boolean {
  return before === undefined || before.isNews || !Bun.deepEquals(before.secrets, secrets);
}

/** A Secret that the API server does not give now is as it was before. */
function statesOf(
  references: References,
  { secrets }: ReferencedObjects,
  before: ReadonlyMap<string, string> | undefined,
): ReadonlyMap<string, string> {
  const states = references.secrets.map(({ name }): [string, string | undefined] => {
    const state = secrets.get(name);
    if (!state || state.kind === 'unknown') return [name, before?.get(name)];
    return [name, state.kind === 'found' ? `found ${state.secret.version ?? ''}` : state.kind];
  });
  return new Map(states.filter((one): one is [string, string] => one[1] !== undefined));
}

function lines(problems: readonly FieldProblem[]): string[] {
  return problems.map(problemLine);
}

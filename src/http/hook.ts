import * as v from 'valibot';
import { FluxEvent } from '../api/event.ts';
import { type Pipeline, type PipelineKey, pipelineKey, type Target } from '../api/pipeline.ts';
import { environmentIndex, eventSecret } from '../decide/model/route.ts';
import type { Observation } from '../decide/observation/application.ts';
import { eventOrigin, unnamedCluster } from '../decide/observation/event-target.ts';
import { receiveWith, targetToLookAt } from '../decide/observation/receive/look.ts';
import type { Receipt } from '../decide/observation/receive.ts';
import { cut, oneLine } from '../lib/text/index.ts';
import { parseJson } from './body.ts';
import { json, problem, unprocessable } from './problem.ts';
import { SMALL_BODY } from './server/intake.ts';
import { type Call, type GuardDeps, type Guarded, guard, postRoute, reject } from './signed/guard.ts';
import { type RecordDeps, recordOrAnswer } from './signed/record.ts';
import { preferredWait } from './wait.ts';

/**
 * `POST /promotion/{namespace}/{name}/{environment}`: takes Flux's event, verifies it, and writes what it
 * says to the Pipeline's status. The reconciler acts on that; the answer never waits for Git, unless the
 * sender asks for it with `Prefer: wait`.
 */
export interface HookDeps extends GuardDeps, RecordDeps {
  readonly allowUnsigned: boolean;
  /** Refuses events that do not say which of several clusters they come from. Default: false. */
  readonly requireEventCluster?: boolean;
  /** The application of a target on our own cluster as it is now; undefined: it cannot be looked at. Never throws. */
  readonly look?: (pipeline: Pipeline, target: Target) => Promise<Observation | undefined>;
  /** Wakes the reconciler. */
  readonly wake: (key: PipelineKey) => void;
  /** URL of the pull request for this revision, once it is open; undefined when the seconds have passed. */
  readonly pullRequest: (wanted: {
    key: PipelineKey;
    environment: string;
    revision: string;
    seconds: number;
  }) => Promise<string | undefined>;
  readonly onSeconds: (seconds: number) => void;
}

type Taken = Extract<Receipt, { kind: 'taken' }>;

export function createHook(deps: HookDeps) {
  return postRoute('/promotion/:namespace/:name/:environment', deps, async (call) => {
    const started = performance.now();
    const guarded = await guard(call, deps, {
      use: 'event',
      secretOf: (spec, environment) => eventSecret(spec, environmentIndex(spec, environment)),
      signed: (body) => [body],
      allowUnsigned: deps.allowUnsigned,
    });
    if (guarded instanceof Response) return guarded;
    const response = await take(call, deps, guarded);
    deps.onSeconds((performance.now() - started) / 1000);
    return response;
  });
}

async function take(call: Call, deps: HookDeps, guarded: Guarded): Promise<Response> {
  const { c } = call;
  const event = parseEvent(guarded.body);
  if (!event.ok) {
    const answer = problem({ status: 400, title: 'Bad Request', detail: event.detail });
    return reject(c, deps, 'bad-event', answer);
  }
  const { namespace, name } = guarded;
  const decide = await receiver(deps, guarded, event.value);
  const receipt = await recordOrAnswer(c, deps, { pipeline: guarded.pipeline, decide, subject: 'event' });
  if (receipt instanceof Response) return receipt;
  if (receipt.kind === 'refused') {
    return reject(c, deps, 'not-ours', unprocessable(receipt.problem));
  }
  deps.onOutcome(receipt.outcome);
  deps.log.info({ namespace, name, ...fieldsOf(receipt), reason: event.value.reason }, 'event received');
  if (receipt.status || receipt.looks) deps.wake(pipelineKey(namespace, name));
  return answerTo(call, deps, guarded, receipt);
}

/**
 * Decides on the Pipeline with the application as it is now, where what the event tells is not recorded yet: the watch
 * may be a moment behind.
 */
async function receiver(deps: HookDeps, { pipeline: stored, environment }: Guarded, event: FluxEvent) {
  const { spec } = stored;
  const known = spec.ok ? { ...stored, spec: spec.value } : undefined;
  const target = known && targetToLookAt(known, environment, event, deps.now());
  const seen = known && target ? await deps.look?.(known, target) : undefined;
  const look = target && seen ? { target, seen } : undefined;
  return (pipeline: Pipeline): Receipt => {
    const problem = deps.requireEventCluster && clusterProblem(pipeline, event);
    if (problem) return { kind: 'refused', problem };
    return receiveWith(look, pipeline, { environment, event }, deps.now());
  };
}

function clusterProblem({ spec, metadata }: Pipeline, event: FluxEvent): string | undefined {
  return unnamedCluster(spec, eventOrigin(event), metadata.namespace);
}

function fieldsOf({ outcome, environment, revision }: Taken) {
  return { outcome, environment, revision };
}

/** Larger bodies than any event of Flux are not waited for: they would hold room that others need. */
function secondsToWait({ c, held }: Call, { body }: Guarded): number {
  if (body.byteLength > SMALL_BODY) return 0;
  held.release();
  return preferredWait(c.req.header('prefer') ?? null);
}

async function answerTo(call: Call, deps: HookDeps, guarded: Guarded, receipt: Taken): Promise<Response> {
  const { metadata } = guarded.pipeline;
  const { environment, revision } = receipt;
  if (receipt.outcome === 'waiting-approval') return json(202, fieldsOf(receipt));
  if (receipt.outcome !== 'accepted') return json(200, fieldsOf(receipt));
  const seconds = secondsToWait(call, guarded);
  if (seconds === 0) return json(202, fieldsOf(receipt));
  const key = pipelineKey(metadata.namespace, metadata.name);
  const location = await deps.pullRequest({ key, environment, revision, seconds });
  if (location === undefined) return json(202, fieldsOf(receipt));
  // A header takes no letters beyond Latin-1; what is recorded comes from a forge.
  const href = URL.parse(location)?.href;
  return json(201, fieldsOf(receipt), href === undefined ? {} : { location: href });
}

type Parsed =
  | { readonly ok: true; readonly value: FluxEvent }
  | { readonly ok: false; readonly detail: string };

function parseEvent(body: Uint8Array): Parsed {
  const json = parseJson(body);
  if (!json.ok) return json;
  // A list may be wrong at a million places: one is named.
  const parsed = v.safeParse(FluxEvent, json.value, { abortEarly: true });
  if (parsed.success) return { ok: true, value: parsed.output };
  const [issue] = parsed.issues;
  const where = cut(oneLine(v.getDotPath(issue) ?? 'the body'), 100);
  return {
    ok: false,
    detail: `The body is not an event of Flux: ${where}: ${cut(oneLine(issue.message), 200)}`,
  };
}

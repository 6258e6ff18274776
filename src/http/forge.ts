import { type Pipeline, type PipelineKey, pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import { type ForgeChange, receiveChange } from '../decide/observation/forge-change.ts';
import { changedPullRequest, webhookOf } from '../lib/forges/index.ts';
import { FORGE_TYPES, type ForgeType } from '../lib/forges/pure.ts';
import { MAX_DEPTH, parseJson } from './body.ts';
import { authenticateForge } from './forge/authenticate.ts';
import { json, notFound, problem } from './problem.ts';
import { unproven } from './signed/authenticate.ts';
import {
  type Call,
  countTaken,
  type GuardDeps,
  limitBody,
  postRoute,
  readLimited,
  reject,
  rejectUnproven,
  type SignedContext,
} from './signed/guard.ts';
import { type RecordDeps, recordOrAnswer } from './signed/record.ts';

/**
 * `POST /forge/{type}/{namespace}/{name}`: takes the webhook of a forge, so that a pull request that was merged
 * or closed is looked at now and not at the next poll. It is only noted in the status; the reconciler asks the
 * forge itself. Whatever is sent here, no state is taken from it.
 */
export interface ForgeHookDeps extends GuardDeps, RecordDeps {
  /** Wakes the reconciler. */
  readonly wake: (key: PipelineKey) => void;
}

/** Events of pull requests are far smaller. */
export const MAX_EVENT_BYTES = 1024 * 1024;

export function createForgeHook(deps: ForgeHookDeps) {
  return postRoute('/forge/:forge/:namespace/:name', deps, async (call) => {
    const forge = FORGE_TYPES.find((type) => type === call.c.req.param('forge'));
    return forge ? take(call, deps, forge) : notFound();
  });
}

const NO_BODY = new Uint8Array();

async function take(call: Call, deps: ForgeHookDeps, forge: ForgeType): Promise<Response> {
  const { c } = call;
  const limited = limitBody(call, deps, MAX_EVENT_BYTES);
  if (limited) return limited;
  const webhook = webhookOf(forge);
  // Reads no body of a sender that shows no proof at all.
  const shown = webhook.proofOf({ headers: c.req.raw.headers, body: NO_BODY, now: deps.now() });
  if (typeof shown === 'string') return rejectUnproven(c, deps, unproven(deps, shown));
  const body = await readLimited(call, deps, MAX_EVENT_BYTES);
  if (body instanceof Response) return body;
  const { namespace = '', name = '' } = c.req.param();
  const proof = webhook.proofOf({ headers: c.req.raw.headers, body, now: deps.now() });
  const answer = await authenticateForge(deps, { forge, namespace, name, source: c.env.source, proof });
  if (!answer.ok) return rejectUnproven(c, deps, answer);
  const tooOften = countTaken(c, deps);
  if (tooOften) return tooOften;
  const event = parseJson(body);
  if (!event.ok) return reject(c, deps, 'bad-event', notJson());
  const number = changedPullRequest(webhook, event.value);
  if (number === undefined) {
    deps.onOutcome('ignored');
    return json(200, { outcome: 'ignored' });
  }
  return note(c, deps, answer.pipeline, { number, environments: answer.environments });
}

async function note(
  c: SignedContext,
  deps: ForgeHookDeps,
  pipeline: StoredPipeline,
  change: ForgeChange,
): Promise<Response> {
  const { namespace, name } = pipeline.metadata;
  const decide = (current: Pipeline) => receiveChange(current, change, deps.now());
  const receipt = await recordOrAnswer(c, deps, { pipeline, decide, subject: 'the change' });
  if (receipt instanceof Response) return receipt;
  const { outcome, environments, status } = receipt;
  deps.onOutcome(outcome);
  const fields = { namespace, name, outcome, number: change.number, environments };
  // A webhook tells of all pull requests of its repository.
  deps.log[status ? 'info' : 'debug'](fields, 'pull request event received');
  if (status) deps.wake(pipelineKey(namespace, name));
  return json(outcome === 'accepted' ? 202 : 200, { outcome });
}

function notJson(): Response {
  const detail = `The body is not JSON, or is nested deeper than ${MAX_DEPTH} levels. Set the webhook's content type to application/json.`;
  return problem({ status: 400, title: 'Bad Request', detail });
}

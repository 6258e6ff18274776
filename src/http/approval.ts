import { type Pipeline, type PipelineKey, pipelineKey, type StoredPipeline } from '../api/pipeline.ts';
import { approvalSecret, environmentIndex } from '../decide/model/route.ts';
import { approve } from '../decide/observation/approve.ts';
import { isFresh } from '../lib/net/index.ts';
import { json, problem } from './problem.ts';
import {
  type GuardDeps,
  guard,
  postRoute,
  reject,
  rejectUnproven,
  type SignedContext,
} from './signed/guard.ts';
import { type RecordDeps, recordOrAnswer } from './signed/record.ts';

/**
 * `POST /approval/{namespace}/{name}/{environment}/{revision}`: approves what waits. The signature is over
 * `POST\n<path>\n<X-Signature-Timestamp>\n<body>`, so that it is good for this revision in this
 * environment of this Pipeline alone, and for five minutes.
 */
export interface ApprovalDeps extends GuardDeps, RecordDeps {
  readonly wake: (key: PipelineKey) => void;
}

export function createApproval(deps: ApprovalDeps) {
  return postRoute('/approval/:namespace/:name/:environment/:revision', deps, async (call) => {
    const { c } = call;
    const timestamp = c.req.header('x-signature-timestamp') ?? '';
    if (!isFresh(timestamp, deps.now())) {
      return rejectUnproven(c, deps, { ok: false, rejection: 'stale-timestamp' });
    }
    const guarded = await guard(call, deps, {
      use: 'approval',
      secretOf: (spec, name) => {
        const environment = spec.environments[environmentIndex(spec, name)];
        return environment && approvalSecret(spec, environment);
      },
      signed: (body) => [`POST\n${rawPath(c.req.raw.url)}\n${timestamp}\n`, body],
      allowUnsigned: false,
    });
    if (guarded instanceof Response) return guarded;
    // A query that is not understood may ask for the opposite of an approval.
    if (rawPath(c.req.raw.url).includes('?')) return reject(c, deps, 'bad-event', unknownQuery());
    const revision = c.req.param('revision') ?? '';
    const approval = { environment: guarded.environment, revision, by: `key of Secret ${guarded.secret}` };
    return approveAs(c, deps, guarded.pipeline, approval);
  });
}

async function approveAs(
  c: SignedContext,
  deps: ApprovalDeps,
  pipeline: StoredPipeline,
  approval: Parameters<typeof approve>[1],
): Promise<Response> {
  const { namespace, name } = pipeline.metadata;
  const { environment, revision } = approval;
  const decide = (current: Pipeline) => ({ status: approve(current, approval, deps.now()) });
  const approved = await recordOrAnswer(c, deps, { pipeline, decide, subject: 'approval' });
  if (approved instanceof Response) return approved;
  if (!approved.status) {
    const detail = `${revision} is not waiting for an approval in ${environment}.`;
    return reject(c, deps, 'not-waiting', problem({ status: 409, title: 'Conflict', detail }));
  }
  deps.onOutcome('approved');
  deps.log.info({ namespace, name, environment, revision, by: approval.by }, 'promotion approved');
  deps.wake(pipelineKey(namespace, name));
  return json(202, { outcome: 'approved', environment, revision });
}

function unknownQuery(): Response {
  const detail = 'An approval takes no query: send the path only.';
  return problem({ status: 422, title: 'Unprocessable Content', detail });
}

/** The path as it was sent, with its percent-encoding and its query. */
function rawPath(url: string): string {
  const path = url.slice(url.indexOf('/', url.indexOf('//') + 2));
  const fragment = path.indexOf('#');
  return fragment < 0 ? path : path.slice(0, fragment);
}

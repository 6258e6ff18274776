import { type Pipeline, pipelineKey } from '../../../src/api/pipeline.ts';
import { createForgeHook } from '../../../src/http/forge.ts';
import { createIntake } from '../../../src/http/server/intake.ts';
import { createRateLimiter } from '../../../src/http/signed/rate.ts';
import { createRejectionLog } from '../../../src/http/signed/rejection-log.ts';
import type { ForgeType } from '../../../src/lib/forges/types.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { NOW, pipeline, spec, withState } from '../../fakes/pipeline.ts';
import { fakeRechecks } from '../../fakes/rechecks.ts';
import { createFakeStore } from '../../fakes/store.ts';
import { SECRET, SENDERS } from './deliveries.ts';

type Values = Readonly<Record<string, string>>;
/** By name; the Secret is absent where undefined, and cannot be read where an error. */
type Secrets = Readonly<Record<string, Values | undefined | Error>>;

export interface Options {
  readonly pipeline?: Pipeline;
  readonly secrets?: Secrets;
  readonly available?: boolean;
  readonly limit?: number;
}

const ENCODER = new TextEncoder();

/** dev → staging → prod by pull requests on this forge; number 7 into staging is open. */
export function waiting(type: ForgeType): Pipeline {
  return withState(pipeline({ promotion: promotion(type) }), 'staging', {
    promotion: {
      revision: '1.1.0',
      phase: 'PullRequestOpen',
      pullRequest: { url: 'https://git.example.com/acme/fleet/pulls/7', number: 7 },
    },
  });
}

export function promotion(type: ForgeType, secret = 'forge') {
  const settings = { type, url: 'https://git.example.com/acme/fleet', baseBranch: 'main' };
  return {
    strategy: { ...spec().promotion?.strategy, 'pull-request': { ...settings, secretRef: { name: secret } } },
  };
}

function setUp(options: Options = {}) {
  const store = createFakeStore();
  store.put(options.pipeline ?? waiting('github'));
  const { log, lines } = createFakeLog();
  let secrets: Secrets = options.secrets ?? { forge: { token: 't', 'webhook-secret': SECRET } };
  let cached = secrets;
  let now = NOW;
  const woken: string[] = [];
  const outcomes: string[] = [];
  const app = createForgeHook({
    intake: createIntake(),
    rechecks: fakeRechecks(),
    find: store.get,
    readSecret: async (_, name, read) => {
      if (read?.fresh) cached = secrets;
      const values = cached[name];
      if (values instanceof Error) throw values;
      if (!values) return undefined;
      return { values: new Map(Object.entries(values).map(([key, value]) => [key, ENCODER.encode(value)])) };
    },
    available: () => options.available ?? true,
    limiter: createRateLimiter({ limit: options.limit ?? 100, intervalSeconds: 30 }, () => Date.now()),
    rejected: createRejectionLog(log, () => Date.now()),
    onOutcome: (outcome) => outcomes.push(outcome),
    log,
    now: () => now,
    record: createRecordStatus(store),
    wake: (key) => woken.push(key),
  });
  return {
    app,
    store,
    lines,
    woken,
    outcomes,
    promotionInto: (environment: string) =>
      store.get(pipelineKey('apps', 'app'))?.status.environments?.[environment]?.promotion,
    /** What was read before is known on until somebody wants it fresh. */
    changeSecrets: (next: Secrets) => {
      secrets = next;
    },
    later: (seconds: number) => {
      now = new Date(now.getTime() + seconds * 1000);
    },
    send: async (path: string, init: RequestInit) => app.request(path, init, { source: '10.0.0.1' }),
  };
}

export interface Request {
  readonly forge?: ForgeType;
  readonly secret?: string;
  readonly path?: string;
  /** In the place of those that prove it. */
  readonly headers?: Record<string, string>;
}

/** A forge that sends to an app of these options. */
export function connect(options: Options & { readonly forge?: ForgeType } = {}) {
  const { forge = 'github' } = options;
  const app = setUp({ pipeline: waiting(forge), ...options });
  async function deliver(event: object | string, request: Request = {}): Promise<Response> {
    const from = request.forge ?? forge;
    const body = typeof event === 'string' ? event : JSON.stringify(event);
    const headers = request.headers ?? SENDERS[from].prove(body, request.secret ?? SECRET);
    return app.send(request.path ?? pathTo(from), { method: 'POST', body, headers });
  }
  return { ...app, deliver };
}

export function pathTo(forge: string): string {
  return `/forge/${forge}/apps/app`;
}

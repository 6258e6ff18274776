import { type Pipeline, pipelineKey } from '../../../src/api/pipeline.ts';
import type { Observation } from '../../../src/decide/observation/application.ts';
import type { Asked } from '../../../src/decide/promotion/poll.ts';
import { errorMessage, hasCode, TurnpikeError } from '../../../src/lib/errors.ts';
import type { Logger } from '../../../src/lib/logger.ts';
import { createNotificationPromoter } from '../../../src/promote/notification/notification.ts';
import { createPullRequestPromoter } from '../../../src/promote/pull-request/pull-request.ts';
import { createPushPromoter } from '../../../src/promote/push.ts';
import { createCloseDeleted } from '../../../src/reconcile/deleted.ts';
import { type FailpointDecorators, failpointDecorators } from '../../../src/reconcile/failpoints.ts';
import { createPromoter } from '../../../src/reconcile/promoter.ts';
import { createReconcile, type Reconcile } from '../../../src/reconcile/reconcile.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { readerOf, readObject } from '../../fakes/application.ts';
import { SHOWN } from '../../fakes/namespaces.ts';
import { readTarget } from '../observer/facts.ts';
import { appAt } from '../world/clusters.ts';
import { helmRelease } from './application.ts';
import { type Box, did } from './box.ts';
import { forgeAt } from './forge-port.ts';
import { branchesIn } from './git-port.ts';
import { APPLICATION, NAME, NAMESPACE } from './names.ts';
import { createStore, save } from './store.ts';

/** The program without its edges: the real reconciler, promoters and webhooks, in front of the world. */
export interface Plant {
  /** The reconciler looks as long as something is due at once. */
  settle(box: Box): Promise<void>;
  /** Writes a webhook's or a person's change to the status, as the HTTP handlers do. */
  write<D extends { readonly status?: Pipeline['status'] | undefined }>(
    box: Box,
    decide: (pipeline: Pipeline, now: Date) => D,
  ): D;
  /** Reads an application in the namespace, as the HTTP handlers do; undefined: it cannot be read. */
  look(box: Box, namespace: string): Observation | undefined;
  /** Deletes the Pipeline: open pull requests are closed. */
  bury(box: Box): Promise<void>;
}

export interface PlantOptions {
  /** Called at each failpoint; it may change the box, or throw. */
  readonly onPass: (box: Box, failpoint: string) => void;
}

export const KEY = pipelineKey(NAMESPACE, NAME);
export const POLICY = { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 };

/** More looks than this without an end are a loop. */
const MAX_LOOKS = 25;

export function createPlant({ onPass }: PlantOptions): Plant {
  let current: Box | undefined;
  const box = (): Box => {
    if (!current) throw new Error('nothing is under way');
    return current;
  };
  const now = () => new Date(box().world.now);
  const at = failpointDecorators(async (failpoint) => onPass(box(), failpoint));
  const parts = partsOf(box, now, at);

  /** A process's memory is part of the state: the reconciler of another history remembers something else. */
  async function look(into: Box, reconcile: Reconcile, asked: Map<string, Asked>): Promise<void> {
    into.isDirty = false;
    into.basis = into.facts;
    try {
      const seconds = await reconcile(KEY);
      // A timer is never early, and the world's clock ticks in seconds.
      into.wakeAt = into.world.now + Math.ceil(seconds) * 1000;
      if (seconds <= 0) into.isDirty = true;
    } catch (error) {
      if (hasCode(error, 'ApiConflict')) into.isDirty = true;
      else if (!into.deleted && !hasCode(error, 'NotLeading'))
        into.problems.push(`The reconciler throws: ${errorMessage(error)}`);
    }
    into.asked = into.up ? new Map(asked) : new Map();
  }

  return {
    async settle(into) {
      current = into;
      const asked = new Map(into.asked);
      const reconcile = createReconcile({ ...parts, asked });
      for (let looks = 0; into.up && into.isDirty && into.problems.length === 0; looks += 1) {
        if (looks === MAX_LOOKS)
          into.problems.push(`${MAX_LOOKS} looks at the same moment, and another one is due.`);
        await look(into, reconcile, asked);
      }
    },
    write(into, decide) {
      const { metadata, spec, status } = into.stored;
      if (!spec.ok) throw new Error('the spec is broken');
      const decision = decide({ metadata, spec: spec.value, status }, new Date(into.world.now));
      if (decision.status === undefined) return decision;
      save(into, decision.status);
      into.isDirty = true;
      return decision;
    },
    look(into, namespace) {
      const [environment, target] = placeOf(namespace);
      if (!appAt(into.world, environment, target)?.readable) return undefined;
      const { basis } = into;
      const object = readAt(into, namespace);
      // The reconciler acts by the facts that it saw itself.
      into.basis = basis;
      return object === undefined ? undefined : readObject(APPLICATION, object);
    },
    async bury(into) {
      current = into;
      const store = { read: async () => undefined };
      const close = createCloseDeleted({
        store,
        promoter: parts.promoter,
        leading: () => into.up,
        log: SILENT,
        signal,
        delaysMs: [],
      });
      await close(into.stored);
    },
  };
}

function partsOf(
  box: () => Box,
  now: () => Date,
  at: FailpointDecorators,
): Omit<Parameters<typeof createReconcile>[0], 'asked'> {
  const store = createStore(box);
  return {
    store: at.store(store),
    record: at.record(createRecordStatus(store)),
    applications: readerOf((_, namespace) => readAt(box(), namespace)),
    clusters: { reader: () => readerOf((_, namespace) => readAt(box(), namespace)) },
    messagesOf: SHOWN,
    promoter: createModelPromoter(box, now, at),
    check: () => CHECKED,
    onChange: () => {},
    policy: POLICY,
    log: SILENT,
    now,
  };
}

const { signal } = new AbortController();

function createModelPromoter(box: () => Box, now: () => Date, at: FailpointDecorators) {
  const branches = at.branches(branchesIn(box));
  const promoter = createPromoter({
    policy: {},
    pullRequests: at.strategy(
      createPullRequestPromoter({
        branches,
        outbound: { send: unreachable, close: () => {} } as never,
        log: SILENT,
        now,
        onForgeRequest: () => {},
        wrapForge: at.forge,
        createForge: (_, url) => forgeAt(box, url),
      }),
    ),
    pushes: at.strategy(createPushPromoter({ branches, now })),
    notifications: createNotificationPromoter({
      emit: at.emit(async ({ name, annotations }) => {
        if (box().world.raised.includes(name)) return;
        const [environment = '', revision = ''] = Object.values(annotations);
        did(box(), { kind: 'notify', environment, revision, name });
        box().world = { ...box().world, raised: [...box().world.raised, name] };
      }),
      fluxEvents: undefined,
      now,
    }),
    readSecret: async () => SECRET,
    signal,
  });
  return at.promoter(promoter);
}

const SECRET = { values: new Map([['token', new TextEncoder().encode('secret-token')]]) };

const CHECKED = {
  spec: [],
  whole: async () => ({ spec: [], secrets: [], warnings: [] }),
  changed: async () => false,
  handled: () => {},
};

async function unreachable(): Promise<never> {
  throw new Error('the model has no network');
}

const SILENT: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => SILENT,
  scope: (_, work) => work(),
};

/** Namespaces are called as the environment and the number of the target. */
function placeOf(namespace: string): [environment: string, target: number] {
  const [environment = '', target = '0'] = namespace.split('-');
  return [environment, Number(target)];
}

function readAt(box: Box, namespace: string): unknown {
  const [environment, target] = placeOf(namespace);
  const app = appAt(box.world, environment, target);
  if (app && !app.readable)
    throw new TurnpikeError('ApiRefused', 'The cluster cannot be read.', { retry: 'backoff' });
  box.facts = readTarget(box.facts, { environment, target, app, at: box.world.now });
  box.basis = box.facts;
  return app?.exists ? helmRelease(app) : undefined;
}

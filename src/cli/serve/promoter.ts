import type { SpecPolicy } from '../../decide/validation.ts';
import type { Outbound } from '../../lib/net/index.ts';
import type { Secrets } from '../../observe/secrets/secrets.ts';
import { createBranchUpdater } from '../../promote/branch/branch-updater.ts';
import type { Fence } from '../../promote/fence.ts';
import { createNotificationPromoter } from '../../promote/notification/notification.ts';
import { createPullRequestPromoter } from '../../promote/pull-request/pull-request.ts';
import { createPushPromoter } from '../../promote/push.ts';
import { type Failpoint, failpointDecorators } from '../../reconcile/failpoints.ts';
import { fencedBranches, fencedEmit, fencedFluxEvents, fencedForge } from '../../reconcile/fenced.ts';
import { createPromoter } from '../../reconcile/promoter.ts';
import { statusLabel } from '../../telemetry/status-label.ts';
import type { Context } from './context.ts';
import type { Reporting } from './reporter.ts';

export interface PromoterDeps {
  readonly policy: SpecPolicy;
  readonly outbound: Outbound;
  /** Where repositories are kept. */
  readonly directory: string;
  readonly secrets: Secrets;
  readonly reporting: Pick<Reporting, 'events' | 'fluxEvents'>;
  readonly fence: Fence;
  readonly failpoint: Failpoint | undefined;
}

/** Makes what carries promotions out. */
export function composePromoter(context: Context, deps: PromoterDeps) {
  const { config, log, metrics, now } = context;
  const { policy, outbound, fence, secrets, reporting } = deps;
  const { events, fluxEvents } = reporting;
  const at = failpointDecorators(deps.failpoint);
  const branchUpdater = createBranchUpdater({
    outbound,
    directory: deps.directory,
    maxBytes: config['git-cache-max-size'],
    maxPackBytes: config['git-max-pack-size'],
    log,
    now,
  });
  const branches = at.branches(fencedBranches(branchUpdater, fence));
  const ended = new AbortController();
  const promoter = createPromoter({
    signal: ended.signal,
    fence,
    readSecret: secrets.read,
    policy,
    pullRequests: at.strategy(
      createPullRequestPromoter({
        branches,
        outbound,
        log,
        now,
        wrapForge: (forge, pipeline) =>
          at.forge(
            fencedForge(forge, () => fence(pipeline)),
            pipeline,
          ),
        onForgeRequest: ({ provider, host, budget, operation, code, remaining }) => {
          metrics.forgeRequests.inc({ provider, operation, code: statusLabel(code) });
          if (remaining !== undefined) metrics.setForgeBudget({ provider, host, budget }, remaining);
        },
      }),
    ),
    pushes: at.strategy(createPushPromoter({ branches, now })),
    notifications: createNotificationPromoter({
      emit: at.emit(fencedEmit(events.emit, fence)),
      fluxEvents: fluxEvents && fencedFluxEvents(fluxEvents, fence),
      now,
    }),
  });
  return {
    promoter: at.promoter(promoter),
    signal: ended.signal,
    /** Breaks off what still waits for a forge. */
    abort: () => ended.abort(),
    close: branches.close,
  };
}

import type { App } from '../world/world.ts';

/** The HelmRelease that shows an application, as helm-controller v2 writes it. */
export function helmRelease({ runs, ready, failed, reason, deployedAt, isReconciled }: App): unknown {
  const lastDeployed = new Date(deployedAt).toISOString();
  const deployed = runs === undefined ? [] : [{ chartVersion: runs, status: 'deployed', lastDeployed }];
  const broken = failed === undefined ? [] : [{ chartVersion: failed, status: 'failed', lastDeployed }];
  const attempted = failed ?? runs;
  const settled = ready ? 'True' : 'False';
  return {
    metadata: { generation: 1 },
    status: {
      observedGeneration: 1,
      conditions: [{ type: 'Ready', status: isReconciled ? 'Unknown' : settled, reason, message: reason }],
      history: [...broken, ...deployed],
      ...(attempted !== undefined && { lastAttemptedRevision: attempted }),
    },
  };
}

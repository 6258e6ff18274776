import type { DeploymentPhase } from '../../api/pipeline.ts';

/**
 * The meaning of an event of Flux for a deployment. `noted` is about the application, not about a deployment:
 * it changes no phase.
 */
export type Meaning = 'deployed' | 'failed' | 'rolled-back' | 'uninstalled' | 'progressing' | 'noted';

/** Reasons of helm-controller and kustomize-controller. Those not listed are only noted. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  Object.entries<Meaning>({
    InstallSucceeded: 'deployed',
    UpgradeSucceeded: 'deployed',
    ReconciliationSucceeded: 'deployed',
    ReconcileSucceeded: 'deployed',
    RollbackSucceeded: 'rolled-back',
    UninstallSucceeded: 'uninstalled',
    Progressing: 'progressing',
    ProgressingWithRetry: 'progressing',
    DependencyNotReady: 'progressing',
    InstallFailed: 'failed',
    UpgradeFailed: 'failed',
    RollbackFailed: 'failed',
    UninstallFailed: 'failed',
    TestFailed: 'failed',
    ReconciliationFailed: 'failed',
    BuildFailed: 'failed',
    HealthCheckFailed: 'failed',
    PruneFailed: 'failed',
  }),
);

/** helm-controller before v1 put the severity into the reason: only the message shows a success. */
const OLD_SUCCESS = /^Helm (install|upgrade) succeeded\b/;

/** An Alert of severity info lets errors through too, so the severity decides first. */
export function classifyEvent(event: { severity: string; reason: string; message: string }): Meaning {
  if (event.severity === 'error') return 'failed';
  if (event.reason === 'info') return OLD_SUCCESS.test(event.message) ? 'deployed' : 'progressing';
  return MEANINGS.get(event.reason) ?? 'noted';
}

/** The phase that a meaning gives a deployment; `noted` leaves the one that it has. */
export function phaseOf(meaning: Exclude<Meaning, 'noted'>): DeploymentPhase {
  switch (meaning) {
    case 'deployed':
      return 'Succeeded';
    case 'failed':
      return 'Failed';
    case 'rolled-back':
      return 'RolledBack';
    case 'uninstalled':
      return 'Uninstalled';
    case 'progressing':
      return 'Progressing';
  }
}

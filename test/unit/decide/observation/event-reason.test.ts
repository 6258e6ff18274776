import { describe, expect, test } from 'bun:test';
import { classifyEvent, type Meaning } from '../../../../src/decide/observation/event-reason.ts';

/** Every kind of event that Flux's controllers send about an application. */
const EVENTS: readonly [controller: string, reason: string, severity: string, message: string, Meaning][] = [
  [
    'helm',
    'InstallSucceeded',
    'info',
    'Helm install succeeded for release dev/app.v1 with chart app@1.0.0',
    'deployed',
  ],
  [
    'helm',
    'UpgradeSucceeded',
    'info',
    'Helm upgrade succeeded for release dev/app.v2 with chart app@1.1.0',
    'deployed',
  ],
  [
    'helm',
    'InstallFailed',
    'error',
    'Helm install failed for release dev/app with chart app@1.0.0: timed out',
    'failed',
  ],
  [
    'helm',
    'UpgradeFailed',
    'error',
    'Helm upgrade failed for release dev/app with chart app@1.1.0: timed out',
    'failed',
  ],
  ['helm', 'UpgradeSucceeded', 'error', 'a success that claims to be an error', 'failed'],
  [
    'helm',
    'RollbackSucceeded',
    'info',
    'Helm rollback to previous release dev/app.v1 succeeded',
    'rolled-back',
  ],
  ['helm', 'RollbackFailed', 'error', 'Helm rollback failed', 'failed'],
  ['helm', 'UninstallFailed', 'error', 'Helm uninstall failed', 'failed'],
  ['helm', 'TestFailed', 'error', 'Helm test failed', 'failed'],
  ['helm', 'DriftCorrectionFailed', 'error', 'Failed to correct drift', 'failed'],
  ['helm', 'TestSucceeded', 'info', 'Helm test succeeded', 'noted'],
  ['helm', 'UninstallSucceeded', 'info', 'Helm uninstall succeeded for release dev/app.v1', 'uninstalled'],
  ['helm', 'DriftDetected', 'info', 'Cluster state of release has drifted', 'noted'],
  ['helm', 'DriftCorrected', 'info', 'Cluster state of release has been corrected', 'noted'],
  ['helm 2022', 'info', 'info', 'Helm upgrade has started', 'progressing'],
  ['helm 2022', 'info', 'info', 'Helm upgrade succeeded', 'deployed'],
  ['helm 2022', 'info', 'info', 'Helm install succeeded', 'deployed'],
  ['helm 2022', 'error', 'error', 'Helm upgrade failed: timed out', 'failed'],
  ['kustomize', 'ReconciliationSucceeded', 'info', 'Reconciliation finished in 1s', 'deployed'],
  ['kustomize', 'Progressing', 'info', 'Deployment/dev/app configured', 'progressing'],
  ['kustomize', 'ReconciliationFailed', 'error', 'apply failed', 'failed'],
  ['kustomize', 'HealthCheckFailed', 'error', 'timeout waiting for: [Deployment/dev/app]', 'failed'],
  ['kustomize', 'BuildFailed', 'error', 'kustomize build failed', 'failed'],
  ['kustomize', 'DependencyNotReady', 'info', 'Dependencies do not meet ready condition', 'progressing'],
  ['anyone', 'SomethingNew', 'info', 'news', 'noted'],
];

describe('the meaning of an event', () => {
  test.each(EVENTS)('%s %s (%s) "%s" means %s', (_, reason, severity, message, meaning) => {
    expect(classifyEvent({ reason, severity, message })).toBe(meaning);
  });
});

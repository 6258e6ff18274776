import { type ReleaseName, releaseEvent, setRelease } from '../lab/helm.ts';
import type { Lab } from '../lab/lab.ts';

/**
 * A HelmRelease with tests, as helm-controller 1.6 shows it: the event of the upgrade comes before the tests run, and
 * what fails them is rolled back.
 */

/** Flux's event about a release, without its time. */
export interface Said {
  readonly event: object;
}

export function upgradeSaid(name: ReleaseName, version: string): Said {
  return { event: releaseEvent(name, { version }) };
}

/** An alert of severity info passes errors too. */
export function testFailureSaid(name: ReleaseName, version: string): Said {
  const message = `Helm test failed for release ${name.namespace}/${name.name}.v3 with chart ${name.name}@${version}: 1 error occurred`;
  return { event: { ...releaseEvent(name, { version }), severity: 'error', reason: 'TestFailed', message } };
}

/** `version`: the one that it went back to. */
export function rollbackSaid(name: ReleaseName, version: string): Said {
  const message = `Helm rollback to previous release ${name.namespace}/${name.name}.v2 with chart ${name.name}@${version} succeeded`;
  return { event: { ...releaseEvent(name, { version }), reason: 'RollbackSucceeded', message } };
}

export interface Tested {
  /** The version that runs. */
  readonly version: string;
  readonly attempted: string;
  readonly status: 'Unknown' | 'False';
  readonly reason: 'AwaitingTests' | 'TestFailed' | 'RollbackSucceeded';
}

/** Writes the status of a release whose tests have not passed. */
export async function setTested(lab: Lab, name: ReleaseName, tested: Tested): Promise<void> {
  const { version, attempted, status, reason } = tested;
  const path = `/apis/helm.toolkit.fluxcd.io/v2/namespaces/${name.namespace}/helmreleases/${name.name}`;
  await setRelease(lab, name, { version, ready: false });
  const found = (await (await lab.request('GET', path)).json()) as { status: { conditions: object[] } };
  const [ready] = found.status.conditions;
  const conditions = [{ ...ready, status, reason, message: `${reason} of ${attempted}` }];
  const changed = { ...found, status: { ...found.status, conditions, lastAttemptedRevision: attempted } };
  const answer = await lab.request('PUT', `${path}/status`, changed);
  if (!answer.ok) throw new Error(`the status of ${path} was refused: ${await answer.text()}`);
}

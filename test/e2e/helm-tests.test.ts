import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Lab } from '../lab/lab.ts';
import { chartFiles } from '../lab/registry.ts';
import { sharedLab } from '../lab/shared.ts';
import { startTurnpike, type Turnpike } from '../lab/turnpike.ts';
import { waitFor } from '../lab/wait.ts';
import { createFleet, type Fleet, fleetName, HELM_RELEASE, type Place } from './fleet.ts';

/** A HelmRelease with Helm tests, which the real helm-controller runs after it has told that the release succeeded. */

const MINUTE = 60_000;
const LABEL = 'helm-tests';
const CHARTS = `${fleetName(LABEL)}-charts`;
const AWAITED = 'Waits until its Helm tests have passed.';

let lab: Lab;
let turnpike: Turnpike;
let fleet: Fleet;

/** No controller runs Jobs here: the test says what became of it. */
const TEST = `apiVersion: batch/v1
kind: Job
metadata:
  name: tests-{{ .Chart.Version }}
  annotations: { helm.sh/hook: test }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: test, image: ghcr.io/acme/test:1.0.0 }]
`;

function chart(version: string): Record<string, string> {
  const files = chartFiles({ apiVersion: 'v2', name: 'app', version }, version);
  const entries = Object.entries({ ...files, 'templates/test.yaml': TEST });
  return Object.fromEntries(entries.map(([path, text]) => [`chart/${path}`, text]));
}

function manifests({ namespace, environment, marker }: Place): string {
  return `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: charts, namespace: ${namespace} }
spec:
  interval: 1h
  url: ${lab.gitea.url}/${lab.gitea.user}/${CHARTS}.git
  ref: { branch: main }
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: app, namespace: ${namespace} }
spec:
  interval: 1h
  test: { enable: ${environment === 'dev'} }
  chart:
    spec:
      chart: ./chart
      sourceRef: { kind: GitRepository, name: charts }
  values:
    wanted: 1.0.0${marker()}
`;
}

async function testStarted(version: string): Promise<void> {
  const look = async () => {
    const jobs = await lab.kubectl(['get', 'jobs', '-n', fleet.namespaceOf('dev'), '-o', 'name']);
    return jobs.includes(`job.batch/tests-${version}`) ? { done: undefined } : { saw: jobs };
  };
  await waitFor(`the test of ${version}`, look, { seconds: 60 });
}

/** As the Job controller says it. */
async function endTest(version: string, passed: boolean): Promise<void> {
  const time = `${new Date().toISOString().slice(0, 19)}Z`;
  const types = passed ? ['SuccessCriteriaMet', 'Complete'] : ['FailureTarget', 'Failed'];
  const reason = passed ? {} : { reason: 'BackoffLimitExceeded', message: 'The test failed.' };
  const conditions = types.map((type) => {
    return { type, status: 'True', lastProbeTime: time, lastTransitionTime: time, ...reason };
  });
  const ended = passed ? { completionTime: time, succeeded: 1 } : { failed: 1 };
  const patch = JSON.stringify({ status: { startTime: time, ...ended, conditions } });
  const job = ['job', `tests-${version}`, '-n', fleet.namespaceOf('dev')];
  await lab.kubectl(['patch', ...job, '--subresource=status', '--type=merge', '-p', patch]);
}

/** Once Flux has told that the release succeeded, and its tests run. */
async function release(version: string): Promise<void> {
  await lab.gitea.commit(CHARTS, 'main', chart(version), `Release ${version}`);
  await fleet.sync('gitrepository', 'charts', fleet.namespaceOf('dev'));
  await testStarted(version);
  await waitFor("Flux's event", async () => {
    const lines = (await turnpike.log()).filter(({ msg }) => msg === 'event received');
    const isThere = lines.some(({ reason, revision }) => {
      return reason === 'UpgradeSucceeded' && revision === version;
    });
    return isThere ? { done: lines } : { saw: lines };
  });
}

async function dev() {
  const { environments } = await fleet.look();
  return { ...environments?.dev, target: environments?.dev?.targets?.[0], prod: environments?.prod };
}

beforeAll(async () => {
  lab = await sharedLab();
  turnpike = await startTurnpike(lab);
  await lab.gitea.createRepository(CHARTS, chart('1.0.0'));
  fleet = await createFleet(lab, { label: LABEL, appRef: HELM_RELEASE, hook: turnpike.hook, manifests });
  await testStarted('1.0.0');
  await endTest('1.0.0', true);
  await fleet.deployed('1.0.0');
}, 2 * MINUTE);

afterAll(async () => {
  await turnpike.remove();
});

describe('a HelmRelease with Helm tests', () => {
  test(
    'is promoted once they have passed, and not when its upgrade has succeeded',
    async () => {
      await release('1.1.0');
      const tested = await dev();
      expect(tested.target).toMatchObject({ ready: false, revision: '1.1.0', error: AWAITED });
      expect(tested.prod?.promotion?.revision).not.toBe('1.1.0');

      await endTest('1.1.0', true);
      await fleet.deployed('1.1.0');
      await waitFor('the promotion', async () => {
        const { prod } = await dev();
        const isThere = prod?.promotion?.revision === '1.1.0';
        return isThere ? { done: prod } : { saw: prod };
      });
    },
    2 * MINUTE,
  );

  test(
    'is not promoted when they fail',
    async () => {
      await release('1.2.0');
      await endTest('1.2.0', false);
      const failed = await waitFor(
        'the failure',
        async () => {
          const now = await dev();
          return now.deployment?.phase === 'Failed' ? { done: now } : { saw: now };
        },
        { seconds: 60 },
      );
      expect(failed.target).toMatchObject({ ready: false, revision: '1.2.0' });
      expect(failed.target?.error).toContain('Helm test failed for release');
      expect(failed.deployment).toMatchObject({ revision: '1.2.0' });
      expect(failed.prod?.promotion?.revision).toBe('1.1.0');
    },
    2 * MINUTE,
  );
});

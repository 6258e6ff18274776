import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { type Lab, startLab } from '../../lab/lab.ts';
import { createScenario, type Scenario } from '../../lab/scenario.ts';
import { startTurnpike, type Turnpike } from '../../lab/turnpike.ts';
import { waitFor, waitUntil } from '../../lab/wait.ts';

/** `dist/turnpike` against a real API server and a real Gitea, with its own ServiceAccount's rights. */

const MINUTE = 60_000;
const open = (phase: string | undefined) => phase === 'PullRequestOpen';

/** Only the webhook knows that this host is not one for a repository. */
const FAULTY = {
  appRef: { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' },
  environments: ['dev', 'prod'].map((name) => ({ name, targets: [{ namespace: name }] })),
  promotion: {
    strategy: {
      'pull-request': {
        type: 'gitea',
        url: 'https://169.254.169.254/acme/fleet',
        secretRef: { name: 'repository' },
      },
    },
  },
};

/** Nothing listens there. */
const DEAD_HOST = '127.0.0.1:9';

function start(): Promise<Turnpike> {
  const hosts = `${new URL(lab.gitea.url).host},${DEAD_HOST}`;
  const flags = {
    'promotion-retry-delay': '1',
    'promotion-retry-max-delay': '2',
    'insecure-git-hosts': hosts,
  };
  return startTurnpike(lab, { flags });
}

let lab: Lab;
let turnpike: Turnpike;

beforeAll(async () => {
  lab = await startLab({ gitea: true, definitions: true });
  turnpike = await start();
}, 5 * MINUTE);

afterAll(() => lab?.stop());

async function openPullRequest(scenario: Scenario) {
  const pulls = await lab.gitea.pulls(scenario.repository, 'open');
  expect(pulls.length).toBe(1);
  const [pull] = pulls;
  if (!pull) throw new Error('there is no pull request');
  return pull;
}

describe('a promotion by pull request', () => {
  test(
    'goes from dev to prod, an event and a merge at a time',
    async () => {
      const app = await createScenario(lab, 'journey');
      for (const [from, to] of [
        ['dev', 'staging'],
        ['staging', 'prod'],
      ] as const) {
        await app.deploy(from, '1.1.0');
        const answer = await app.notify(turnpike.hook, from, '1.1.0', { prefer: 'wait=20' });
        expect(answer.status).toBe(201);
        const pull = await openPullRequest(app);
        expect(answer.headers.get('location')).toBe(pull.html_url);
        expect(pull.title).toBe(`Promote ${app.name}/app in ${to} to 1.1.0`);
        expect(pull.head.ref).toBe(`promotion-${app.name}-app-${to}`);
        expect(await lab.gitea.file(app.repository, pull.head.ref, `${to}/app.yaml`)).toBe(
          app.manifest(to, '1.1.0'),
        );
        await lab.gitea.merge(app.repository, pull.number);
      }
      await app.deploy('prod', '1.1.0');
      const last = await app.notify(turnpike.hook, 'prod', '1.1.0');
      expect(await last.json()).toMatchObject({ outcome: 'completed' });
      await app.promotion('prod', (phase) => phase === 'Succeeded');
      expect((await app.status()).summary).toBe('dev 1.1.0 → staging 1.1.0 → prod 1.1.0');
      const printed = await lab.kubectl(['get', 'pipelines', '-n', app.name]);
      expect(printed).toMatch(
        /APP\s+SUMMARY\s+READY\s+SUSPENDED\s+AGE\n.*dev 1\.1\.0 → staging 1\.1\.0 → prod 1\.1\.0\s+True/s,
      );
      const events = await lab.kubectl([
        'get',
        'events',
        '-n',
        app.name,
        '-o',
        'jsonpath={.items[*].reason}',
      ]);
      for (const reason of ['PullRequestOpen', 'PromotionSucceeded']) expect(events).toContain(reason);
    },
    MINUTE,
  );

  test(
    'needs no event: the next look at the pipeline finds the deployment',
    async () => {
      const app = await createScenario(lab, 'silent');
      await app.promotion('staging', () => true, 2).catch(() => {});
      await app.deploy('dev', '1.1.0');
      await lab.kubectl([
        'annotate',
        'pipeline',
        'app',
        '-n',
        app.name,
        'reconcile.fluxcd.io/requestedAt=now',
      ]);
      await app.promotion('staging', open);
      await openPullRequest(app);
      expect((await app.status()).lastHandledReconcileAt).toBe('now');
    },
    MINUTE,
  );

  test(
    'updates the open pull request in place for a newer revision',
    async () => {
      const app = await createScenario(lab, 'newer');
      await app.deploy('dev', '1.1.0');
      await app.notify(turnpike.hook, 'dev', '1.1.0', { prefer: 'wait=20' });
      const first = await openPullRequest(app);
      await app.deploy('dev', '1.2.0');
      const answer = await app.notify(turnpike.hook, 'dev', '1.2.0', { prefer: 'wait=20' });
      expect(answer.headers.get('location')).toBe(first.html_url);
      const second = await openPullRequest(app);
      expect(second.number).toBe(first.number);
      expect(second.title).toEndWith('to 1.2.0');
    },
    MINUTE,
  );

  test(
    'waits until the application that the event tells of is ready',
    async () => {
      const app = await createScenario(lab, 'early');
      await app.deploy('dev', '1.1.0', { ready: false });
      expect((await app.notify(turnpike.hook, 'dev', '1.1.0')).status).toBe(202);
      const { environments } = await app.status();
      expect(environments?.dev?.deployment).toMatchObject({ revision: '1.1.0', source: 'webhook' });
      expect(environments?.staging?.promotion).toBeUndefined();
      expect(await lab.gitea.pulls(app.repository, 'open')).toEqual([]);
      await app.deploy('dev', '1.1.0');
      await app.promotion('staging', open);
    },
    MINUTE,
  );

  test(
    'does not promote again what a person closed',
    async () => {
      const app = await createScenario(lab, 'closed');
      await app.deploy('dev', '1.1.0');
      await app.notify(turnpike.hook, 'dev', '1.1.0', { prefer: 'wait=20' });
      const pull = await openPullRequest(app);
      await lab.gitea.api('PATCH', `/repos/${lab.gitea.user}/${app.repository}/pulls/${pull.number}`, {
        state: 'closed',
      });
      await lab.kubectl(['annotate', 'pipeline', 'app', '-n', app.name, 'reconcile.fluxcd.io/requestedAt=1']);
      await app.promotion('staging', (phase) => phase === 'Rejected');
      expect(await (await app.notify(turnpike.hook, 'dev', '1.1.0')).json()).toMatchObject({
        outcome: 'unchanged',
      });
      expect(await lab.gitea.pulls(app.repository, 'open')).toEqual([]);
    },
    MINUTE,
  );

  test(
    'waits for an approval and carries out what was approved',
    async () => {
      const app = await createScenario(lab, 'manual', { promotion: { manual: true } });
      await app.deploy('dev', '1.1.0');
      expect(await (await app.notify(turnpike.hook, 'dev', '1.1.0')).json()).toMatchObject({
        outcome: 'waiting-approval',
      });
      expect((await app.status()).environments?.staging?.waitingApproval?.revision).toBe('1.1.0');
      const path = `/approval/${app.name}/app/staging/1.1.0`;
      const now = String(Math.floor(Date.now() / 1000));
      const signature = createHmac('sha256', app.key).update(`POST\n${path}\n${now}\n`).digest('hex');
      const headers = { 'x-signature': `sha256=${signature}`, 'x-signature-timestamp': now };
      expect((await fetch(`${turnpike.hook}${path}`, { method: 'POST', headers })).status).toBe(202);
      const done = await app.promotion('staging', open);
      expect(done.approvedBy).toBe('key of Secret hook');
      expect((await app.status()).environments?.staging?.waitingApproval?.revision).toBe('');
      await openPullRequest(app);
    },
    MINUTE,
  );
});

describe('beside opening it', () => {
  async function withRepository(label: string, strategy: (url: string) => object) {
    const repository = `${label}-${process.pid}`;
    const url = `${lab.gitea.url}/${lab.gitea.user}/${repository}`;
    const environments = ['dev', 'prod'];
    const app = await createScenario(lab, label, { url, environments, strategy: strategy(url) });
    await lab.gitea.createRepository(repository, { 'prod/app.yaml': app.manifest('prod', '1.0.0') });
    return { app, repository, text: () => lab.gitea.file(repository, 'main', 'prod/app.yaml') };
  }
  const forge = { secretRef: { name: 'forge' } };

  test(
    'the strategy push commits to the branch itself',
    async () => {
      const { app, text } = await withRepository('push', (url) => ({ push: { url, ...forge } }));
      await app.deploy('dev', '1.1.0');
      await app.notify(turnpike.hook, 'dev', '1.1.0');
      await app.promotion('prod', (phase) => phase === 'Merged');
      await waitUntil('the status to say what it waits for', async () => {
        const { message } = (await app.status()).environments?.prod?.promotion ?? {};
        return message?.includes('waits until prod is ready at 1.1.0') ?? false;
      });
      expect(await text()).toBe(app.manifest('prod', '1.1.0'));
      await app.deploy('prod', '1.1.0');
      await app.promotion('prod', (phase) => phase === 'Succeeded');
    },
    MINUTE,
  );

  test(
    'Turnpike shows the gates on the commit and merges by itself where it is asked to',
    async () => {
      const { app, repository, text } = await withRepository('auto', (url) => ({
        'pull-request': { type: 'gitea', url, ...forge, merge: 'auto' },
      }));
      await app.deploy('dev', '1.1.0');
      await app.notify(turnpike.hook, 'dev', '1.1.0');
      const { pullRequest } = await app.promotion('prod', (phase) => phase === 'Merged', 60);
      expect(await text()).toBe(app.manifest('prod', '1.1.0'));
      const path = `/repos/${lab.gitea.user}/${repository}/commits/${pullRequest?.commit}/status`;
      expect(await lab.gitea.api('GET', path)).toMatchObject({
        statuses: [{ context: 'turnpike/promotion', status: 'success' }],
      });
    },
    2 * MINUTE,
  );

  test(
    'closes it when something newer runs there by now',
    async () => {
      const { app, repository } = await withRepository('close', (url) => ({
        'pull-request': { type: 'gitea', url, ...forge },
      }));
      await app.deploy('dev', '1.1.0');
      await app.notify(turnpike.hook, 'dev', '1.1.0');
      await app.promotion('prod', open);
      await app.deploy('prod', '1.2.0');
      await app.promotion('prod', (phase) => phase === 'Superseded');
      await waitUntil('the pull request to be closed', async () => {
        const [pull] = await lab.gitea.pulls(repository, 'closed');
        return pull?.merged === false;
      });
    },
    MINUTE,
  );
});

describe('faults', () => {
  test(
    'wrong credentials stop the promotion, in the words of the other side, until the Secret is mended',
    async () => {
      const app = await createScenario(lab, 'token', { token: 'not-a-token-of-anyone' });
      await app.deploy('dev', '1.1.0');
      await app.notify(turnpike.hook, 'dev', '1.1.0');
      const failed = await app.promotion('staging', (phase) => phase === 'Failed');
      expect(failed.message).not.toContain('not-a-token-of-anyone');
      const { conditions } = await app.status();
      expect(conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
        'Ready False',
        'Stalled True',
      ]);
      await lab.kubectl([
        'patch',
        'secret',
        'forge',
        '-n',
        app.name,
        '-p',
        JSON.stringify({ stringData: { token: lab.gitea.token } }),
      ]);
      await lab.kubectl(['annotate', 'pipeline', 'app', '-n', app.name, 'reconcile.fluxcd.io/requestedAt=1']);
      await app.promotion('staging', open);
    },
    MINUTE,
  );

  test(
    'a missing marker stops the promotion and pushes nothing',
    async () => {
      const app = await createScenario(lab, 'unmarked', { unmarked: true });
      await app.deploy('dev', '1.1.0');
      await app.notify(turnpike.hook, 'dev', '1.1.0');
      const failed = await app.promotion('staging', (phase) => phase === 'Failed');
      expect(failed.message).toContain(`${app.name}:app:staging`);
      const branches = (await lab.gitea.api(
        'GET',
        `/repos/${lab.gitea.user}/${app.repository}/branches`,
      )) as unknown[];
      expect(branches.length).toBe(1);
    },
    MINUTE,
  );

  test(
    'a forge that is away is tried again, and the status says why',
    async () => {
      const app = await createScenario(lab, 'away', { url: `http://${DEAD_HOST}/acme/away` });
      await app.deploy('dev', '1.1.0');
      await app.notify(turnpike.hook, 'dev', '1.1.0');
      const retried = await waitFor(
        'the third attempt',
        async () => {
          const now = (await app.status()).environments?.staging?.promotion;
          return (now?.attempts ?? 0) >= 3 && now?.nextAttemptAt ? { done: now } : { saw: now };
        },
        { seconds: 30 },
      );
      expect(retried).toMatchObject({ phase: 'Pending', message: expect.stringContaining(DEAD_HOST) });
      const { conditions } = await app.status();
      // It is no fault of the Pipeline before it has lasted for five minutes.
      expect(conditions).toContainEqual(
        expect.objectContaining({ type: 'Ready', status: 'True', reason: 'ReconciliationSucceeded' }),
      );
      expect(conditions).toContainEqual(
        expect.objectContaining({ type: 'Reconciling', reason: 'PromotionRetrying' }),
      );
    },
    MINUTE,
  );

  test(
    'a faulty pipeline from before the webhook stops nobody',
    async () => {
      const namespace = `old-${process.pid}`;
      await lab.kubectl(['create', 'namespace', namespace]);
      await turnpike.remove();
      await lab.apply([
        {
          apiVersion: 'pipelines.weave.works/v1alpha1',
          kind: 'Pipeline',
          metadata: { name: 'faulty', namespace },
          spec: FAULTY,
        },
      ]);
      turnpike = await start();
      await waitFor(
        'the condition of the faulty pipeline',
        async () => {
          const object = (await lab.get(['pipeline', 'faulty', '-n', namespace])) as {
            status?: { conditions?: { reason: string }[] };
          };
          const reason = object.status?.conditions?.[0]?.reason;
          return reason === 'InvalidSpec' ? { done: reason } : { saw: object };
        },
        { seconds: 20 },
      );
      const app = await createScenario(lab, 'others');
      await app.deploy('dev', '1.1.0');
      expect((await app.notify(turnpike.hook, 'dev', '1.1.0', { prefer: 'wait=20' })).status).toBe(201);
    },
    MINUTE,
  );

  test(
    'what was recorded is carried out after kill -9',
    async () => {
      const app = await createScenario(lab, 'killed');
      await app.deploy('dev', '1.1.0');
      expect((await app.notify(turnpike.hook, 'dev', '1.1.0')).status).toBe(202);
      await turnpike.stop('SIGKILL');
      turnpike = await turnpike.start();
      await app.promotion('staging', open);
      await openPullRequest(app);
    },
    MINUTE,
  );

  test(
    'an API server that is away makes it say so, and work goes on when it is back',
    async () => {
      const app = await createScenario(lab, 'apiserver');
      await lab.stopApiserver();
      await waitUntil(
        'the probe to say no',
        async () => (await fetch(`${turnpike.probes}/readyz`)).status === 503,
        {
          seconds: 60,
        },
      );
      expect((await fetch(`${turnpike.probes}/healthz`)).status).toBe(200);
      const answer = await app.notify(turnpike.hook, 'dev', '1.1.0');
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      await lab.startApiserver();
      await waitUntil('the probe to say yes', async () => (await fetch(`${turnpike.probes}/readyz`)).ok, {
        seconds: 60,
      });
      await app.deploy('dev', '1.1.0');
      expect((await app.notify(turnpike.hook, 'dev', '1.1.0', { prefer: 'wait=20' })).status).toBe(201);
    },
    3 * MINUTE,
  );

  test(
    'it stops within ten seconds, with status 0, and is quick to start',
    async () => {
      const started = performance.now();
      expect(await turnpike.stop()).toBe(0);
      expect(performance.now() - started).toBeLessThan(10_000);
      turnpike = await turnpike.start();
      const lines = await turnpike.log();
      const times = [
        lines.find(({ msg }) => msg === 'starting'),
        lines.find(({ server }) => server === 'hook'),
      ];
      const [from = 0, to = 0] = times.map((line) => Date.parse(String(line?.ts)));
      expect(to - from).toBeLessThan(500);
    },
    MINUTE,
  );

  test('no secret is in its log', async () => {
    const log = await turnpike.process.log();
    expect(log).not.toContain(lab.gitea.token);
    expect(log).toContain('promotion carried out');
  });
});

describe('metrics', () => {
  test('have the names that dashboards know', async () => {
    const text = await (await fetch(`${turnpike.metrics}/metrics`)).text();
    for (const name of [
      'controller_runtime_reconcile_total',
      'workqueue_depth',
      'gotk_reconcile_condition',
      'rest_client_requests_total',
      'turnpike_promotions_total',
      'turnpike_promotion_duration_seconds',
      'turnpike_hook_requests_total',
      'turnpike_hook_duration_seconds',
      'turnpike_admission_requests_total',
      'turnpike_admission_duration_seconds',
      'turnpike_forge_requests_total',
    ]) {
      expect(text).toContain(`# TYPE ${name} `);
    }
  });

  test('say which Pipelines are ready, what runs, and until when it is trusted', async () => {
    const reconciled = /^gotk_reconcile_duration_seconds_count\{kind="Pipeline",.*\} [1-9]/m;
    const text = await waitFor('the first reconciliations after the restart', async () => {
      const now = await (await fetch(`${turnpike.metrics}/metrics`)).text();
      return reconciled.test(now) ? { done: now } : { saw: 'none' };
    });
    expect(text).toMatch(/^gotk_reconcile_condition\{kind="Pipeline",.*type="Ready",status="True"\} 1$/m);
    expect(text).toMatch(/^workqueue_depth\{name="pipeline",controller="pipeline"\} \d+$/m);
    expect(text).toMatch(/^turnpike_build_info\{version=".+",runtime="bun .+"\} 1$/m);
    const expiry = /^turnpike_certificate_expiry_timestamp_seconds\{certificate="admission"\} (\d+)$/m.exec(
      text,
    );
    const days = (Number(expiry?.[1]) - Date.now() / 1000) / 86_400;
    expect(days).toBeGreaterThan(1);
    expect(days).toBeLessThan(8);
  });
});

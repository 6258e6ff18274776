import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { readFlags } from '../../../src/cli/flags.ts';
import { SERVE_FLAGS } from '../../../src/cli/serve/flags.ts';
import { type Program, startProgram } from '../../../src/cli/serve/program.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { createScenario, type Scenario, type ScenarioOptions } from '../../lab/scenario.ts';
import {
  type Line,
  SHARD_KEY,
  SHARD_LABELS,
  SHARDS,
  type Shard,
  type Shards,
  startShards,
} from '../../lab/shards.ts';
import { TURNPIKE_NAMESPACE } from '../../lab/turnpike.ts';
import { waitUntil } from '../../lab/wait.ts';
import { waitForDefinition } from '../pipelines.ts';

/** Two shards of two replicas each in one namespace. */

const MINUTE = 60_000;
setDefaultTimeout(2 * MINUTE);

let lab: Lab;
let shards: Shards;

beforeAll(async () => {
  lab = await startLab({ gitea: true, definitions: true });
  shards = await startShards(lab);
  await waitForDefinition(lab);
}, 5 * MINUTE);

afterAll(() => lab?.stop());

/**
 * How often each shard has carried a promotion of an application to a pull request. The versions that stand in Git
 * from the start do not count: they are promoted too, to nothing, where an environment is seen before the next one.
 */
async function acts(app: Scenario): Promise<Record<Shard, number>> {
  const isAct = ({ msg, namespace, result }: Line) =>
    msg === 'promotion carried out' && namespace === app.name && result === 'pull-request';
  const count = async (shard: Shard) => (await shards.logOf(shard)).filter(isAct).length;
  return { main: await count('main'), shard1: await count('shard1') };
}

function scenarioIn(shard: Shard, label: string, options: ScenarioOptions = {}): Promise<Scenario> {
  return createScenario(lab, label, { ...options, labels: SHARD_LABELS[shard] });
}

/** Moves a Pipeline to a shard, or to one that nobody of these is. */
async function move({ name }: Scenario, shard: string): Promise<void> {
  const label = shard === 'main' ? `${SHARD_KEY}-` : `${SHARD_KEY}=${shard}`;
  await lab.kubectl(['label', '--overwrite', 'pipeline', 'app', '-n', name, label]);
}

const open = (phase: string | undefined) => phase === 'PullRequestOpen';

async function openPullRequest(app: Scenario) {
  const pulls = await lab.gitea.pulls(app.repository, 'open');
  expect(pulls.length).toBe(1);
  return pulls[0]?.number ?? 0;
}

describe('two shards of two replicas in one namespace', () => {
  test('agree by two Leases, and one replica of each leads', async () => {
    for (const shard of SHARDS) await shards.leaderOf(shard);
    const leases = await lab.kubectl([
      'get',
      'leases',
      '-n',
      TURNPIKE_NAMESPACE,
      '-o',
      'jsonpath={.items[*].metadata.name}',
    ]);
    const role = (await lab.get(['role', 'turnpike', '-n', TURNPIKE_NAMESPACE])) as {
      rules: { resourceNames?: string[] }[];
    };
    const granted = role.rules.flatMap(({ resourceNames }) => resourceNames ?? []);
    expect(leases.split(' ').sort()).toEqual(granted.toSorted());
    expect(granted.length).toBe(2);
    const said = (await shards.logOf('shard1')).filter(
      ({ msg }) => msg === 'this replica is a candidate for the lead',
    );
    expect(said.map(({ lease, selector }) => [lease, selector])).toEqual([
      [`${TURNPIKE_NAMESPACE}/turnpike-leader-94f4be3e`, `${SHARD_KEY}=shard1`],
      [`${TURNPIKE_NAMESPACE}/turnpike-leader-94f4be3e`, `${SHARD_KEY}=shard1`],
    ]);
  });

  test.each([
    ['main', 'shard1'],
    ['shard1', 'main'],
  ] as const)(
    'an event for a Pipeline of %s that a replica of %s gets is recorded, and its own shard acts',
    async (own, other) => {
      const app = await scenarioIn(own, `event-${own}`);
      await app.deploy('dev', '1.1.0');
      const { hook } = await shards.leaderOf(other);
      const answer = await app.notify(hook, 'dev', '1.1.0', { prefer: 'wait=20' });
      expect(answer.status).toBe(201);
      const [pull] = await lab.gitea.pulls(app.repository, 'open');
      expect(answer.headers.get('location')).toBe(String(pull?.html_url));
      expect(await acts(app)).toEqual({ main: 0, shard1: 0, [own]: 1 });
    },
  );

  test('an application without events is promoted by its own shard alone', async () => {
    const app = await scenarioIn('shard1', 'silent');
    await waitUntil('the first look', async () => (await app.status()).summary !== undefined);
    await app.deploy('dev', '1.1.0');
    await app.promotion('staging', open, 5);
    expect(await acts(app)).toEqual({ main: 0, shard1: 1 });
  });

  test('an approval and the webhook of the forge reach the shard that acts by any replica', async () => {
    const app = await scenarioIn('shard1', 'manual', { promotion: { manual: true } });
    const { hook } = await shards.leaderOf('main');
    const secret = 'the secret of a webhook';
    const stringData = { 'webhook-secret': secret };
    await lab.kubectl([
      ...['patch', 'secret', 'forge', '-n', app.name, '-p'],
      JSON.stringify({ stringData }),
    ]);
    await app.deploy('dev', '1.1.0');
    await app.promotion('staging', (phase) => phase === 'WaitingApproval');
    const path = `/approval/${app.name}/app/staging/1.1.0`;
    const now = String(Math.floor(Date.now() / 1000));
    const headers = {
      'x-signature': `sha256=${sign(app.key, `POST\n${path}\n${now}\n`)}`,
      'x-signature-timestamp': now,
    };
    expect((await fetch(`${hook}${path}`, { method: 'POST', headers })).status).toBe(202);
    await app.promotion('staging', open);
    const number = await openPullRequest(app);
    await lab.gitea.merge(app.repository, number);
    const body = JSON.stringify({ action: 'closed', number, pull_request: { number } });
    const reported = await fetch(`${hook}/forge/gitea/${app.name}/app`, {
      method: 'POST',
      headers: { 'x-gitea-signature': sign(secret, body) },
      body,
    });
    expect(reported.status).toBe(202);
    await app.promotion('staging', (phase) => phase === 'Merged', 5);
    expect(await acts(app)).toEqual({ main: 0, shard1: 1 });
  });

  test('admission of one shard validates Pipelines of the other, and knows which applications are managed', async () => {
    const app = await scenarioIn('shard1', 'governed');
    const object = (await lab.get(['pipeline', 'app', '-n', app.name])) as { spec: object };
    const apply = (name: string, spec: object) =>
      lab.tryKubectl(['apply', '--dry-run=server', '-f', '-'], {
        input: JSON.stringify({
          apiVersion: 'pipelines.weave.works/v1alpha1',
          kind: 'Pipeline',
          metadata: { name, namespace: app.name, labels: SHARD_LABELS.shard1 },
          spec,
        }),
      });
    // The API server calls the first replica of main.
    const twin = await apply('twin', object.spec);
    expect(twin.stdout).toContain('created (server dry run)');
    expect(twin.stderr).toContain(`Pipeline ${app.name}/app also manages this application`);
    const strategy = {
      'pull-request': {
        type: 'gitea',
        url: 'https://169.254.169.254/acme/fleet',
        secretRef: { name: 'forge' },
      },
    };
    const faulty = await apply('faulty', { ...object.spec, promotion: { strategy } });
    expect(faulty.code).not.toBe(0);
    expect(faulty.stderr).toContain('169.254.169.254');
  });
});

describe('a Pipeline that is moved by its label', () => {
  test('is let go by the one shard and taken up by the other, and its pull request stays open', async () => {
    const app = await scenarioIn('main', 'moved');
    await app.deploy('dev', '1.1.0');
    await app.promotion('staging', open);
    const number = await openPullRequest(app);
    const isMeasured = async (shard: Shard) =>
      (await shards.metricsOf(await shards.leaderOf(shard))).includes(
        `gotk_reconcile_condition{kind="Pipeline",name="app",namespace="${app.name}"`,
      );
    expect([await isMeasured('main'), await isMeasured('shard1')]).toEqual([true, false]);
    await move(app, 'shard1');
    await waitUntil(
      'the gauges to move',
      async () => (await isMeasured('shard1')) && !(await isMeasured('main')),
    );
    await app.deploy('dev', '1.2.0');
    await app.promotion('staging', open);
    await waitUntil('the newer version', async () => (await acts(app)).shard1 === 1);
    expect(await acts(app)).toEqual({ main: 1, shard1: 1 });
    expect(await openPullRequest(app)).toBe(number);
    await move(app, 'main');
    await app.deploy('dev', '1.3.0');
    await waitUntil('the newest version', async () => (await acts(app)).main === 2);
    expect(await openPullRequest(app)).toBe(number);
  });

  test('is promoted no further by the shard that it left, also where it was under way', async () => {
    const { log, lines } = createFakeLog();
    const app = await createScenario(lab, 'held', { labels: { [SHARD_KEY]: 'shard2' } });
    const held = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const program = await startInProcess({
      log,
      async failpoint(failpoint, pipeline) {
        if (failpoint !== 'before-push' || pipeline !== pipelineKey(app.name, 'app')) return;
        held.resolve();
        await released.promise;
      },
    });
    try {
      await app.deploy('dev', '1.1.0');
      await held.promise;
      await move(app, 'shard1');
      await app.promotion('staging', open);
      released.resolve();
      await waitUntil('it to stop', () =>
        lines.join('').includes('or moved to another shard, during its reconciliation'),
      );
      expect(lines.join('')).toContain(
        `Pipeline ${app.name}/app was moved to another shard: this one stops here, and that one goes on.`,
      );
      expect(lines.join('')).not.toContain('promotion carried out');
      expect(await acts(app)).toEqual({ main: 0, shard1: 1 });
      await openPullRequest(app);
    } finally {
      released.resolve();
      await program.stop();
    }
  });
});

describe('a Pipeline that is deleted', () => {
  test('has what is open closed by its own shard', async () => {
    const app = await scenarioIn('shard1', 'deleted');
    await app.deploy('dev', '1.1.0');
    await app.promotion('staging', open);
    await openPullRequest(app);
    await lab.kubectl(['delete', 'pipeline', 'app', '-n', app.name]);
    await waitUntil('the pull request to be closed', async () => {
      const [pull] = await lab.gitea.pulls(app.repository, 'closed');
      return pull?.merged === false;
    });
    const closed = async (shard: Shard) =>
      (await shards.logOf(shard)).filter(
        ({ msg, namespace }) => /deleted pipeline/.test(String(msg)) && namespace === app.name,
      ).length;
    await waitUntil('the line in the log', async () => (await closed('shard1')) === 1);
    expect(await closed('main')).toBe(0);
  });
});

describe('a shard whose leader is killed', () => {
  test('goes on by its other replica, and the other shard notices nothing', async () => {
    const [first, other] = [await shards.leaderOf('main'), await shards.leaderOf('shard1')];
    const app = await scenarioIn('main', 'killed');
    await shards.kill(first);
    await app.deploy('dev', '1.1.0');
    // By a replica of the other shard, while nobody leads its own.
    expect((await app.notify(other.hook, 'dev', '1.1.0')).status).toBe(202);
    await app.promotion('staging', open, 60);
    expect(await acts(app)).toEqual({ main: 1, shard1: 0 });
    expect(await shards.leaderOf('shard1')).toBe(other);
  });
});

function sign(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

/** The shard2 in this process, whose steps can be held. */
async function startInProcess(options: {
  log: Parameters<typeof startProgram>[1]['log'];
  failpoint: NonNullable<Parameters<typeof startProgram>[1]['failpoint']>;
}): Promise<Program> {
  const address = '127.0.0.1:0';
  const flags = {
    kubeconfig: lab.kubeconfig,
    'promotion-hook-bind-address': address,
    'metrics-bind-address': address,
    'health-probe-bind-address': address,
    'admission-bind-address': '',
    'insecure-git-hosts': new URL(lab.gitea.url).host,
    'watch-label-selector': `${SHARD_KEY}=shard2`,
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const read = readFlags(SERVE_FLAGS, args, {});
  if (!read.ok) throw new Error(read.problems.join('\n'));
  return startProgram(read.values, { ...options, environment: {} });
}

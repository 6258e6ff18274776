import { describe, expect, test } from 'bun:test';
import { pipelineKey } from '../../../src/api/pipeline.ts';
import { parseStoredPipeline } from '../../../src/observe/pipelines/stored-pipeline.ts';
import { createCheck } from '../../../src/reconcile/check.ts';
import { createReconcile } from '../../../src/reconcile/reconcile.ts';
import { createRecordStatus } from '../../../src/reconcile/record.ts';
import { checkStage } from '../../fakes/check-stage.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { SHOWN } from '../../fakes/namespaces.ts';
import { settled } from '../../fakes/schedule.ts';
import { createFakeStore } from '../../fakes/store.ts';
import {
  allCases,
  type Changes,
  type ClusterState,
  NAMES,
  POLICY,
  pipelineObject,
  type RuleCase,
  specOf,
} from '../../fixtures/pipelines/cases.ts';
import { objectsOf } from '../../fixtures/pipelines/objects.ts';

const MISSING = 'spec.promotion.strategy.secretRef.name: "events": Secret demo/events does not exist';

describe('the check of a stored Pipeline', () => {
  test('says nothing of a good one', async () => {
    expect(await checkStage().check()).toEqual({ spec: [], secrets: [], warnings: [] });
  });

  test('tells faults of the spec from those of Secrets and from warnings', async () => {
    const { check } = checkStage({ secrets: { events: null } });
    const found = await check({ 'environments.1.targets.0.namespace': 'podinfo-dev' });
    expect(found).toEqual({
      spec: [],
      secrets: [expect.stringContaining(MISSING)],
      warnings: [expect.stringContaining('This is a target of dev too')],
    });
  });

  test('asks nobody about a spec with faults of its own', async () => {
    const { check, asked } = checkStage({ secrets: { events: null } });
    const { spec, secrets } = await check({ 'pull-request.url': 'https://localhost/a/b' });
    expect(spec).toEqual([expect.stringContaining('localhost is a loopback')]);
    expect({ secrets, asked }).toEqual({ secrets: [], asked: [] });
  });

  test('asks about a good one once a minute, and holds nobody up with that', async () => {
    const { check, asked, changed, later } = checkStage();
    await check();
    later(59, { secrets: { events: null } });
    expect((await check()).secrets).toEqual([]);
    expect(asked.length).toBe(1);
    later(2, { secrets: { events: null } });
    expect((await check()).secrets).toEqual([]);
    expect(asked).toEqual(['demo/podinfo', 'demo/podinfo']);
    expect(changed).toEqual(['demo/podinfo']);
    expect((await check()).secrets).toEqual([expect.stringContaining(MISSING)]);
  });

  test('asks about a bad one every ten seconds', async () => {
    const { check, changed, later } = checkStage({ secrets: { events: null } });
    expect((await check()).secrets.length).toBe(1);
    later(9, {});
    expect((await check()).secrets.length).toBe(1);
    expect(changed).toEqual([]);
    later(2, {});
    expect((await check()).secrets).toEqual([]);
    expect(changed).toEqual([]);
  });

  test('looks again once what is under way has passed, and not twice', async () => {
    const { check, asked, changed, later, busy } = checkStage();
    await check();
    const passed = busy();
    later(61, { secrets: { events: null } });
    await check();
    expect((await check()).secrets).toEqual([]);
    expect(asked.length).toBe(1);
    passed();
    await settled();
    expect(asked.length).toBe(2);
    expect(changed.length).toBe(1);
    expect((await check()).secrets.length).toBe(1);
  });

  test('says nothing when it is as before', async () => {
    const { check, asked, changed, later } = checkStage();
    await check();
    later(61);
    await check();
    expect(asked.length).toBe(2);
    expect(changed).toEqual([]);
  });

  test('goes on with what it knows when it cannot ask again, says so, and asks the next time', async () => {
    const { check, asked, lines, later, fail } = checkStage();
    await check();
    later(61);
    fail(new Error('a fault of its own'));
    expect((await check()).secrets).toEqual([]);
    expect(lines.join()).toContain('a fault of its own');
    fail(undefined);
    await check();
    expect(asked.length).toBe(3);
  });

  test('asks again at once about another spec or another object of the name', async () => {
    const { check, asked } = checkStage();
    await check();
    await check({}, 2);
    await check({}, 2, 'uid-2');
    expect(asked.length).toBe(3);
  });
});

/** The conditions that the reconciler gives an object of the cluster, as sentences by type. */
async function reconciled(
  changes: Changes,
  around: ClusterState,
  policy: RuleCase['policy'],
): Promise<Record<string, string>> {
  const store = createFakeStore();
  store.put(parseStoredPipeline(pipelineObject(await specOf(changes))));
  const never = () => Promise.reject(new Error('nothing is to be promoted'));
  const reconcile = createReconcile({
    store,
    record: createRecordStatus(store),
    applications: { read: async () => undefined },
    clusters: { reader: () => ({ read: async () => undefined }) },
    messagesOf: SHOWN,
    promoter: { promote: never, runTask: never, pullRequestState: never, findPullRequest: never },
    check: createCheck({
      policy: { ...POLICY, ...policy },
      gather: async () => objectsOf(around),
      onChange: () => {},
      calm: async () => {},
      log: createFakeLog().log,
      now: () => new Date(),
    }),
    onChange: () => {},
    policy: { delaySeconds: 2, maxDelaySeconds: 20, threshold: 3, resyncSeconds: 600 },
    log: createFakeLog().log,
    now: () => new Date(),
  });
  const key = pipelineKey(NAMES.namespace, NAMES.name);
  await reconcile(key);
  const conditions = store.get(key)?.status.conditions ?? [];
  return Object.fromEntries(conditions.map(({ type, reason, message }) => [type, `${reason}: ${message}`]));
}

/** Unknown fields are pruned before anybody reads the object. */
const cases = (await allCases()).filter(({ rule }) => rule !== 'field-known');
const table = cases.map((one): [string, RuleCase] => [`${one.rule}: ${one.says}`, one]);

describe('the reconciler', () => {
  test.each(table)(
    'shows the sentences of %s',
    async (_, { rule, bad, badIn, problems, warnings, good, goodIn, policy }) => {
      const reason = /^(secret|hmac)-/.test(rule) ? 'SecretNotUsable' : 'InvalidSpec';
      const { Ready, Warning } = await reconciled(bad, badIn, policy);
      if (problems.length > 0) expect(Ready).toBe(`${reason}: ${problems.join('\n')}`);
      else expect(Warning).toBe(`SuspiciousSpec: ${warnings.join('\n')}`);
      expect((await reconciled(good, goodIn, policy)).Ready).toStartWith('ReconciliationSucceeded: ');
    },
  );
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { parse } from 'yaml';
import { allCases, CANARY } from '../../fixtures/pipelines/cases.ts';
import { type ClusterObject, FLAGS, type Placed, place } from '../../fixtures/pipelines/placed.ts';
import { waitEstablished } from '../../lab/established.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { startTurnpike, type Turnpike } from '../../lab/turnpike.ts';
import { waitFor } from '../../lab/wait.ts';
import { GITOPS_CLUSTERS, surroundAll, writeFiles } from '../examples.ts';
import { waitForDefinition } from '../pipelines.ts';

/**
 * The bad examples of test/fixtures/pipelines as objects that came in before there were rules: the
 * reconciler says of them what the webhook would have said.
 */

const MINUTE = 60_000;
const DEFINITION = join(import.meta.dir, '../../../manifests/crd/pipelines.yaml');

interface Stored extends ClusterObject {
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

const cases = (await allCases()).filter(({ stored, elsewhere }) => stored !== false && !elsewhere);
const bad = await Promise.all(cases.map((one, index) => place(one, 'bad', `bad-${index}`)));
const table = bad.map((one): [string, Placed] => [one.title, one]);
const withFaults = table.filter(([, { problems }]) => problems.length > 0);
const withWarnings = table.filter(([, { warnings }]) => warnings.length > 0);

let lab: Lab;
let turnpike: Turnpike;
let directory: string;
let conditions: ReadonlyMap<string, readonly Condition[]>;

beforeAll(async () => {
  lab = await startLab({ definitions: true });
  await lab.apply([GITOPS_CLUSTERS, await lenientDefinition()]);
  await waitEstablished(lab, '--all', 'crd');
  await surroundAll(lab, bad);
  directory = await writeFiles(lab, 'bad', bad);
  await lab.kubectl(['apply', '-f', directory]);
  turnpike = await startTurnpike(lab, { flags: FLAGS });
  await waitForDefinition(lab);
  conditions = await waitFor('the reconciler to have seen all Pipelines', seen, { seconds: 60 });
}, 3 * MINUTE);

afterAll(() => lab?.stop(), MINUTE);

/** Our definition as it would be without rules for the spec. */
async function lenientDefinition(): Promise<object> {
  const definition = parse(await Bun.file(DEFINITION).text());
  for (const { schema } of definition.spec.versions) {
    schema.openAPIV3Schema.properties.spec = { 'x-kubernetes-preserve-unknown-fields': true };
    Reflect.deleteProperty(schema.openAPIV3Schema, 'x-kubernetes-validations');
  }
  return definition;
}

async function seen() {
  const { items } = (await lab.get(['pipelines', '-A'])) as { items: readonly Stored[] };
  const unseen = items.filter(({ status }) => status?.conditions === undefined);
  const saw = `${unseen.length} without conditions, such as ${unseen[0]?.metadata.name}`;
  if (unseen.length > 0) return { saw };
  return { done: new Map(items.map((one) => [keyOf(one), one.status?.conditions ?? []])) };
}

function keyOf({ metadata }: ClusterObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function condition({ pipeline }: Placed, type: string) {
  const found = conditions.get(keyOf(pipeline))?.find((one) => one.type === type);
  return found && { status: found.status, reason: found.reason, message: found.message };
}

function isOfSecret({ rule }: Placed): boolean {
  return rule.startsWith('secret-') || rule.startsWith('hmac-');
}

/** Warnings have 256 characters at most. */
function cut(line: string): string {
  return line.length > 256 ? `${line.slice(0, 255)}…` : line;
}

describe('the condition Ready names the fault of the bad example of', () => {
  test.each(withFaults)('%s', (_, placed) => {
    const reason = isOfSecret(placed) ? 'SecretNotUsable' : 'InvalidSpec';
    const message = placed.problems.join('\n');
    expect(condition(placed, 'Ready')).toEqual({ status: 'False', reason, message });
    const stalled = condition(placed, 'Stalled');
    if (isOfSecret(placed)) expect(stalled).toBeUndefined();
    else expect(stalled).toEqual({ status: 'True', reason, message });
  });
});

describe('the condition Warning names the warning about the bad example of', () => {
  test.each(withWarnings)('%s', (_, placed) => {
    const message = placed.warnings.join('\n');
    expect(condition(placed, 'Warning')).toEqual({ status: 'True', reason: 'SuspiciousSpec', message });
    expect(condition(placed, 'Ready')).toMatchObject({ status: 'True' });
  });
});

test('no condition holds a secret, nor does the log', async () => {
  expect(conditions.size).toBeGreaterThanOrEqual(bad.length);
  expect(JSON.stringify([...conditions, await turnpike.log()])).not.toContain(CANARY);
});

describe('an object with an old fault', () => {
  test(
    'can be changed elsewhere, which tells of it again',
    async () => {
      const ofTheWebhook = bad.filter(({ crd, problems }) => crd === undefined && problems.length > 0);
      const files = await writeFiles(lab, 'of-the-webhook', ofTheWebhook);
      const patch = ['patch', '-f', files, '--type=merge', '-p', '{"spec":{"suspend":true}}'];
      const { code, stderr } = await lab.tryKubectl(patch);
      expect(code).toBe(0);
      const expected = ofTheWebhook.flatMap(({ problems }) =>
        problems.map((line) => `Warning: ${cut(line)}`),
      );
      expect(stderr.split('\n')).toEqual(expect.arrayContaining(expected));
    },
    MINUTE,
  );

  test(
    'can be labelled, finalized and deleted',
    async () => {
      const patch = (metadata: object) =>
        lab.kubectl(['patch', '-f', directory, '--type=merge', '-p', JSON.stringify({ metadata })]);
      await patch({ labels: { seen: 'yes' }, finalizers: ['example.com/kept'] });
      const labelled = ['get', 'pipelines', '-A', '-l', 'seen=yes', '-o', 'name'];
      expect((await lab.kubectl(labelled)).trim().split('\n').length).toBe(bad.length);
      await lab.kubectl(['delete', '-f', directory, '--wait=false']);
      expect((await lab.kubectl(labelled)).trim().split('\n').length).toBe(bad.length);
      await patch({ finalizers: null });
      expect(await lab.kubectl(labelled)).toBe('');
    },
    MINUTE,
  );
});

import { describe, expect, test } from 'bun:test';
import type { ClusterRef } from '../../../../src/api/pipeline.ts';
import { createLook } from '../../../../src/cli/serve/look.ts';
import {
  type Disclosure,
  disclosureOf,
  MAX_FOREIGN,
  shownForeign,
} from '../../../../src/decide/observation/foreign.ts';
import { allowsNamespace, noGitopsCluster } from '../../../../src/decide/validation/allowed-namespaces.ts';
import { TurnpikeError } from '../../../../src/lib/errors.ts';
import { observe } from '../../../../src/reconcile/observe.ts';
import { readerOf } from '../../../fakes/application.ts';
import { createFakeLog } from '../../../fakes/log.ts';
import { pipeline, spec } from '../../../fakes/pipeline.ts';

/** What a Pipeline of the namespace apps shows of the objects of other namespaces. */

const MESSAGE = `upgrade\u001b[31m failed:\n\u202epassword ${'x'.repeat(500)}`;
const FAILED = {
  metadata: { generation: 1 },
  status: {
    conditions: [{ type: 'Ready', status: 'False', reason: 'UpgradeFailed', message: MESSAGE }],
    history: [{ chartVersion: '1.0.0', status: 'deployed' }],
  },
};
const HIDDEN: Disclosure = { kind: 'hidden', why: 'it says so' };
const EAST: ClusterRef = { kind: 'GitopsCluster', name: 'east', namespace: 'fleet' };

interface Case {
  readonly namespace: string;
  readonly clusterRef?: ClusterRef;
  readonly disclosure?: Disclosure;
  readonly read?: () => unknown;
}

/** What is observed of one target, and of which namespaces it was asked what they show. */
async function observed({ namespace, clusterRef, disclosure = { kind: 'shown' }, read }: Case) {
  const asked: string[] = [];
  const targets = [{ namespace, ...(clusterRef && { clusterRef }) }];
  const reader = readerOf(read ?? (() => FAILED));
  const seen = await observe(pipeline({ environments: [{ name: 'dev', targets }] }), {
    applications: reader,
    clusters: { reader: () => reader },
    messagesOf: async (one) => {
      asked.push(one);
      return disclosure;
    },
  });
  const [first] = seen.dev ?? [];
  const text = first?.kind === 'application' ? first.message : first?.error;
  return { kind: first?.kind, text: text ?? '', asked, seen: first };
}

describe('the message of an application', () => {
  test("in the Pipeline's own namespace is shown as it is", async () => {
    expect(await observed({ namespace: 'apps' })).toMatchObject({ text: MESSAGE, asked: [] });
  });

  test('in another namespace is one line of 200 characters', async () => {
    expect(MAX_FOREIGN).toBe(200);
    const { text, asked } = await observed({ namespace: 'payments' });
    expect(text).toStartWith('upgrade [31m failed: password xxx');
    expect(text).toHaveLength(MAX_FOREIGN);
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(asked).toEqual(['payments']);
  });

  test('is not shown where its namespace hides it, and all else is', async () => {
    const { text, seen } = await observed({ namespace: 'payments', disclosure: HIDDEN });
    expect(text).toBe('It is not ready. Messages of the namespace payments are not shown: it says so.');
    expect(seen).toMatchObject({ kind: 'application', ready: false, revision: '1.0.0' });
  });

  test('that is ready asks for no namespace', async () => {
    const ready = {
      ...FAILED,
      status: { ...FAILED.status, conditions: [{ type: 'Ready', status: 'True' }] },
    };
    const { asked } = await observed({ namespace: 'payments', read: async () => ready });
    expect(asked).toEqual([]);
  });

  test.each([
    ['a kubeconfig of its own', { kind: 'Secret', name: 'leaf' } as const],
    ['a GitopsCluster of its own', { kind: 'GitopsCluster', name: 'leaf' } as const],
  ])('on another cluster by %s is shown as it is', async (_, clusterRef) => {
    const { text, asked } = await observed({ namespace: 'payments', clusterRef, disclosure: HIDDEN });
    expect({ text, asked }).toEqual({ text: MESSAGE, asked: [] });
  });

  test('by a GitopsCluster of another namespace is shown as that namespace has it', async () => {
    const shown = await observed({ namespace: 'apps', clusterRef: EAST });
    expect(shown.text).toHaveLength(MAX_FOREIGN);
    const hidden = await observed({ namespace: 'apps', clusterRef: EAST, disclosure: HIDDEN });
    expect(hidden.text).toContain('Messages of the namespace fleet are not shown');
    expect(hidden.asked).toEqual(['fleet']);
  });
});

describe('an error of a cluster by a GitopsCluster of another namespace', () => {
  const read = () =>
    Promise.reject(new TurnpikeError('ApiUnavailable', `no route to\u0007 10.0.0.1 ${'x'.repeat(900)}`));

  test('is one line of 200 characters, as a message is', async () => {
    const { text } = await observed({ namespace: 'dev', clusterRef: EAST, read });
    const ours = ' Its signed events are trusted.';
    expect(text).toStartWith('no route to 10.0.0.1 xxx');
    expect(text).toEndWith(`…${ours}`);
    expect(text).toHaveLength(MAX_FOREIGN + ours.length);
  });

  test('is not shown where that namespace hides it', async () => {
    const { text } = await observed({ namespace: 'dev', clusterRef: EAST, read, disclosure: HIDDEN });
    expect(text).toBe(
      'Cluster GitopsCluster fleet/east cannot be read. The reason is not shown: of the namespace, it says so. Its signed events are trusted.',
    );
  });
});

describe('a namespace', () => {
  test.each([
    [{ 'pipelines.weave.works/hide-messages': 'true' }, 'hidden'],
    [{ 'pipelines.weave.works/hide-messages': 'false' }, 'shown'],
    [{}, 'shown'],
    [null, 'shown'],
  ] as const)('with the annotations %j has its messages %s', (annotations, kind) => {
    expect(disclosureOf(annotations).kind).toBe(kind);
  });

  test('has what it shows cut between whole characters', () => {
    expect(shownForeign(`${'x'.repeat(198)}💥💥`).isWellFormed()).toBe(true);
  });
});

describe('the look of the promotion webhook', () => {
  function look(policy = {}) {
    const reads: string[] = [];
    const looking = createLook({
      applications: readerOf((_, namespace) => {
        reads.push(namespace);
        return FAILED;
      }),
      messagesOf: async () => HIDDEN,
      policy,
      log: createFakeLog().log,
    });
    return { reads, seen: (namespace: string) => looking({ ...pipeline(), spec: spec() }, { namespace }) };
  }

  test('shows of another namespace what the reconciler shows', async () => {
    const { seen } = look();
    expect(await seen('payments')).toMatchObject({ message: expect.stringContaining('not shown') });
    expect(await seen('apps')).toMatchObject({ message: MESSAGE });
  });

  test('reads nothing in another namespace with --no-cross-namespace-refs', async () => {
    const { seen, reads } = look({ noCrossNamespaceRefs: true });
    expect(await seen('payments')).toBeUndefined();
    expect(await seen('apps')).toMatchObject({ kind: 'application' });
    expect(reads).toEqual(['apps']);
  });
});

describe('the annotation allowed-namespaces', () => {
  test.each([
    [undefined, 'apps', true],
    ['apps', 'apps', true],
    ['web, apps ,', 'apps', true],
    ['*', 'apps', true],
    ['web,*', 'apps', true],
    ['', 'apps', false],
    ['web', 'apps', false],
    ['app*', 'apps', false],
    ['apps-2', 'apps', false],
    ['APPS', 'apps', false],
    ['', 'fleet', true],
    ['web', 'fleet', true],
  ])('%j lets %s use a GitopsCluster of fleet: %p', (annotation, user, allowed) => {
    expect(allowsNamespace(annotation, { own: 'fleet', user })).toBe(allowed);
  });

  test('is not told from the absence of the GitopsCluster', () => {
    const sentence = noGitopsCluster({ namespace: 'fleet', name: 'east' }, 'apps');
    expect(sentence).toBe(
      'There is no GitopsCluster fleet/east for Pipelines of the namespace apps: correct the name, or have apps added to its annotation pipelines.weave.works/allowed-namespaces.',
    );
  });
});

import { describe, expect, test } from 'bun:test';
import type { Author } from '../../../src/api/admission.ts';
import type { References } from '../../../src/decide/validation.ts';
import { type Changes, pipelineObject, specOf } from '../../fixtures/pipelines/cases.ts';
import { objectsOf } from '../../fixtures/pipelines/objects.ts';
import { type Gather, setUp } from './reviews.ts';

/** What the admission webhook says of references to other namespaces and of kinds. */

const ANN = { username: 'ann', uid: '1', groups: ['team'], extra: { scopes: ['a'] } };
const FLEET = { kind: 'GitopsCluster', name: 'east', namespace: 'fleet' };
const REFS: Changes = {
  'environments.0.targets': [{ namespace: 'demo' }, { namespace: 'payments' }],
  'environments.1.targets': [
    { namespace: 'podinfo-prod', clusterRef: FLEET },
    { namespace: 'podinfo-prod', clusterRef: { kind: 'GitopsCluster', name: 'own' } },
  ],
};

/** Notes what is looked up, and for whom. */
function noting() {
  const asked: { needs: References; author: Author | undefined }[] = [];
  const gather: Gather = async (needs, { author }) => {
    asked.push({ needs, author });
    const authors = Object.fromEntries(
      author ? needs.applications.map(({ namespace }) => [namespace, `Not for ${author.username}.`]) : [],
    );
    return objectsOf({ lookups: { authors } });
  };
  return { asked, gather };
}

describe('a Pipeline with targets in other namespaces', () => {
  test('warns users who may not get the application there', async () => {
    const { asked, gather } = noting();
    const object = pipelineObject(await specOf());
    const answer = await setUp(gather).ask({ object, userInfo: ANN });
    expect(answer).toMatchObject({
      allowed: true,
      warnings: [
        'spec.environments[0].targets[0].namespace: "podinfo-dev": Not for ann.',
        'spec.environments[1].targets[0].namespace: "podinfo-prod": Not for ann.',
      ],
    });
    expect(asked.map(({ author }) => author)).toEqual([ANN]);
  });

  test('asks nothing about an author who is not named', async () => {
    const { asked, gather } = noting();
    await setUp(gather).ask({ object: pipelineObject(await specOf()), userInfo: {} });
    await setUp(gather).ask({ object: pipelineObject(await specOf()) });
    expect(asked.map(({ author }) => author)).toEqual([undefined, undefined]);
  });

  test('asks about the author for the new object alone', async () => {
    const { asked, gather } = noting();
    const bad = { 'pull-request.url': 'https://localhost/a/b' };
    const oldObject = pipelineObject(await specOf(bad));
    const object = pipelineObject(await specOf({ ...bad, suspend: true }));
    await setUp(gather).ask({ operation: 'UPDATE', object, oldObject, userInfo: ANN });
    expect(asked.map(({ author }) => author?.username)).toEqual(['ann', undefined]);
  });

  test('is refused with --no-cross-namespace-refs, and nothing is looked up by way of it', async () => {
    const { asked, gather } = noting();
    const webhook = setUp(gather, { noCrossNamespaceRefs: true });
    const { status } = await webhook.ask({ object: pipelineObject(await specOf(REFS)), userInfo: ANN });
    expect(status?.message.split('\n')).toEqual([
      'spec.environments[0].targets[1].namespace: "payments": References to other namespaces are not allowed here (--no-cross-namespace-refs): name a target in demo, the Pipeline\'s namespace.',
      'spec.environments[1].targets[0].clusterRef.namespace: "fleet": References to other namespaces are not allowed here (--no-cross-namespace-refs): name a GitopsCluster in demo, the Pipeline\'s namespace.',
    ]);
    const [{ needs } = {}] = asked;
    expect(needs?.applications.map(({ namespace }) => namespace)).toEqual(['demo']);
    expect(needs?.clusters.map(({ key }) => key)).toEqual(['GitopsCluster/demo/own']);
    expect(needs?.targets).toHaveLength(2);
  });

  test('that was there before the flag can be changed elsewhere, and is warned of', async () => {
    const { update } = setUp(noting().gather, { noCrossNamespaceRefs: true });
    const { allowed, warnings } = await update(REFS, { ...REFS, suspend: true });
    expect(allowed).toBe(true);
    expect(warnings?.filter((one) => one.includes('--no-cross-namespace-refs'))).toHaveLength(2);
    const more = [{ namespace: 'demo' }, { namespace: 'secrets' }];
    expect(await update(REFS, { ...REFS, 'environments.0.targets': more })).toMatchObject({
      allowed: false,
    });
  });
});

describe('a Pipeline of objects that are no applications', () => {
  test('is refused, and nothing is asked about the objects', async () => {
    const { asked, gather } = noting();
    const appRef = { apiVersion: 'v1', kind: 'Secret', name: 'db' };
    const object = pipelineObject(await specOf({ appRef }));
    const { status, warnings } = await setUp(gather).ask({ object, userInfo: ANN });
    expect(status?.message).toStartWith(
      'spec.appRef.apiVersion: "v1": Objects of the core API group are not read as applications:',
    );
    expect(asked.map(({ needs }) => needs.applications)).toEqual([[]]);
    expect(warnings ?? []).toEqual([]);
  });

  test('that was there before can be changed elsewhere, but not to another such object', async () => {
    const secret = { appRef: { apiVersion: 'v1', kind: 'Secret', name: 'db' } };
    const { update } = setUp(noting().gather);
    expect(await update(secret, { ...secret, suspend: true })).toMatchObject({ allowed: true });
    const other = { appRef: { apiVersion: 'v1', kind: 'Secret', name: 'other' } };
    expect(await update(secret, other)).toMatchObject({ allowed: false });
  });
});

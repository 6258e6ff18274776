import { describe, expect, test } from 'bun:test';
import { checkStage } from '../../fakes/check-stage.ts';
import type { ClusterState } from '../../fixtures/pipelines/cases.ts';

describe('news of the Secrets that a Pipeline names', () => {
  const V1 = { versions: { repository: '1', events: '7' } };
  const V2 = { versions: { repository: '2', events: '7' } };

  /** What was there at the start is acted on. */
  async function acted(around: ClusterState = V1) {
    const stage = checkStage(around);
    const checking = await stage.checking();
    await checking.changed();
    checking.handled();
    return { ...stage, changed: async () => (await stage.checking()).changed() };
  }

  test('are what a process sees at its first look, until that is handled', async () => {
    const { checking, asked } = checkStage(V1);
    const { changed, handled } = await checking();
    expect([await changed(), await changed()]).toEqual([true, true]);
    handled();
    expect(await changed()).toBe(false);
    expect(asked).toHaveLength(1);
  });

  test('are there once after a Secret was changed, until that is handled', async () => {
    const { checking, changed, later } = await acted();
    later(11, V2);
    expect([await changed(), await changed()]).toEqual([true, true]);
    later(11, V2);
    expect(await changed()).toBe(true);
    (await checking()).handled();
    later(11, V2);
    expect(await changed()).toBe(false);
  });

  test('are looked for every ten seconds at most', async () => {
    const { changed, later, asked } = await acted();
    later(9, V2);
    expect([await changed(), asked.length]).toEqual([false, 1]);
    later(1, V2);
    expect([await changed(), asked.length]).toEqual([true, 2]);
  });

  test('are not lost when the look is made for the conditions', async () => {
    const { check, changed, later } = await acted({ ...V1, secrets: { events: null } });
    later(11, V1);
    await check();
    expect(await changed()).toBe(true);
  });

  test.each([
    ['created', { ...V1, secrets: { repository: null } }, V1],
    ['deleted', V1, { ...V1, secrets: { repository: null } }],
  ] as const)('are there when a Secret was %s', async (_, before, after) => {
    const { changed, later } = await acted(before);
    later(11, after);
    expect(await changed()).toBe(true);
  });

  test.each([
    ['certSecretRef', { 'pull-request.certSecretRef': { name: 'own' } }],
    ['proxySecretRef', { 'pull-request.proxySecretRef': { name: 'own' } }],
    ['webhookSecretRef', { 'pull-request.webhookSecretRef': { name: 'own' } }],
    ['commit.signingKeySecretRef', { 'pull-request.commit': { signingKeySecretRef: { name: 'own' } } }],
  ])('are there when a Secret was changed that %s names', async (_, change) => {
    const around = (version: string) => ({
      secrets: { own: { other: 'text' } },
      versions: { ...V1.versions, own: version },
    });
    const { checking, later } = checkStage(around('1'));
    const first = await checking(change);
    await first.changed();
    first.handled();
    later(11, around('1'));
    expect(await (await checking(change)).changed()).toBe(false);
    later(11, around('2'));
    expect(await (await checking(change)).changed()).toBe(true);
  });

  test('are none while nothing has changed', async () => {
    const { changed, later } = await acted();
    for (let look = 1; look <= 3; look++) {
      later(61);
      expect(await changed()).toBe(false);
    }
  });

  test('are none where the look fails, which is logged', async () => {
    const { changed, later, fail, lines } = await acted();
    later(11);
    fail(new Error('a fault of its own'));
    expect(await changed()).toBe(false);
    expect(lines.join()).toContain('a fault of its own');
    fail(undefined);
    expect(await changed()).toBe(false);
  });

  test('are none at a first look that fails', async () => {
    const { checking, fail } = checkStage(V1);
    fail(new Error('a fault of its own'));
    const { changed } = await checking();
    expect(await changed()).toBe(false);
    fail(undefined);
    expect(await changed()).toBe(true);
  });

  test('are none while the API server does not return a Secret, nor when it does again', async () => {
    const { changed, later } = await acted();
    later(11, { ...V1, unanswered: ['repository'] });
    expect(await changed()).toBe(false);
    later(11, V1);
    expect(await changed()).toBe(false);
    later(11, { ...V1, unanswered: ['repository'] });
    expect(await changed()).toBe(false);
    later(11, V2);
    expect(await changed()).toBe(true);
  });
});

import { describe, expect, test } from 'bun:test';
import type { PushStrategy } from '../../../src/api/pipeline.ts';
import { asChart } from '../../../src/decide/model/revision.ts';
import { createPushPromoter } from '../../../src/promote/push.ts';
import type { PromotionRequest } from '../../../src/promote/strategy.ts';
import { carriedOut, promotionRequest } from '../../fakes/promotion.ts';
import { gitStage } from '../stage/stage.ts';

const DIGEST = `sha256:${'0c1d2e3f4a5b6c7d'.repeat(4)}`;
const COMMIT = '9a8b7c6d5e'.repeat(4);
const FULL = `6.5.1@${DIGEST}`;
const FILE = 'apps/source.yaml';

/** A file with one value for each part. */
function source(parts: Readonly<Record<string, string>>): string {
  const lines = Object.entries(parts).map(([part, value]) => {
    const key = part === 'revision' ? 'team:app:staging' : `team:app:staging:${part}`;
    return `${part}: ${value} # {"$promotion": "${key}"}\n`;
  });
  return lines.join('');
}

const BEFORE = { revision: '6.5.0', version: '6.5.0', tag: '6.5.0', digest: 'sha256:4f0c', commit: '0123' };
const stage = gitStage({ [FILE]: source(BEFORE) });

async function pushed(change: Partial<PromotionRequest>, files = source(BEFORE)) {
  if (files !== source(BEFORE)) await stage.repository.commit({ [FILE]: files });
  const now = () => new Date('2026-11-21T10:00:00Z');
  const settings: PushStrategy = { url: stage.url, branch: 'main', secretRef: { name: 'repository' } };
  const promoter = createPushPromoter({ branches: stage.branches, now });
  const result = await carriedOut(promoter.prepare(promotionRequest(change), settings, {}));
  return { result, text: await stage.repository.read('main', FILE) };
}

describe('the parts of a revision in Git', () => {
  test('of a chart whose tag is not known are its version and its digest', async () => {
    const { result, text } = await pushed({ revision: FULL, written: asChart(FULL, undefined) });
    expect(text).toBe(source({ ...BEFORE, revision: '6.5.1', version: '6.5.1', digest: DIGEST }));
    expect(result).toMatchObject({
      kind: 'pushed',
      message: expect.stringContaining(
        'the revision "6.5.1 (sha256:0c1d2e3)" does not say which tag the registry has for it.',
      ),
    });
    expect(result).not.toHaveProperty('byVersion');
  });

  test('of a chart whose tag is known are all of them', async () => {
    const { text } = await pushed({ revision: FULL, written: asChart(FULL, 'v6.5.1') });
    expect(text).toBe(
      source({ ...BEFORE, revision: '6.5.1', version: '6.5.1', tag: 'v6.5.1', digest: DIGEST }),
    );
  });

  test('of a commit are its bare hash', async () => {
    const { text } = await pushed({ revision: `main@sha1:${COMMIT}` }, source({ commit: '0123' }));
    expect(text).toBe(source({ commit: COMMIT }));
  });

  test.each([
    [{ version: '6.5.0' }, ['revision']],
    [{ tag: '6.5.1' }, ['revision']],
    [{ version: '6.5.0', digest: 'sha256:4f0c' }, undefined],
    [{ version: '6.5.1', digest: DIGEST }, undefined],
    [{ revision: '6.5.0' }, undefined],
  ])('%p name no digest: %p', async (parts, byVersion) => {
    const { result } = await pushed({ revision: FULL }, source(parts));
    expect((result as { byVersion?: string[] }).byVersion).toEqual(byVersion);
  });

  test('of a plain version say nothing of digests', async () => {
    const { result } = await pushed({ revision: '6.5.1' }, source({ version: '6.5.0' }));
    expect(result).not.toHaveProperty('byVersion');
  });
});

import { describe, expect, test } from 'bun:test';
import type { AppRef, PromotionStatus } from '../../../src/api/pipeline.ts';
import { parseRevision } from '../../../src/decide/model/revision.ts';
import { requestOf } from '../../../src/reconcile/promotion-request.ts';
import { at, pipeline } from '../../fakes/pipeline.ts';

const DIGEST = `sha256:${'0c1d2e3f4a5b6c7d'.repeat(4)}`;
const OTHER = `sha256:${'f'.repeat(64)}`;
const FULL = `6.5.1@${DIGEST}`;
const KUSTOMIZATION: AppRef = {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  name: 'app',
};

function asked(change: { appRef?: AppRef; tag?: string }, promotion: Partial<PromotionStatus> = {}) {
  const { appRef = pipeline().spec.appRef, tag } = change;
  const execution = { startedAt: at(-60), outcome: 'InProgress', environments: {} } as const;
  const known = [
    { ...execution, revision: FULL, ...(tag !== undefined && { tag }) },
    { ...execution, revision: `6.5.0@${OTHER}`, tag: 'v6.5.0' },
  ];
  const from = pipeline({ appRef }, { executions: known });
  const environment = from.spec.environments[1];
  if (!environment) throw new Error('no environment');
  const record: PromotionStatus = { revision: FULL, phase: 'Pending', ...promotion };
  return requestOf({ pipeline: from, environment, promotion: record });
}

describe('what is asked of a strategy for a chart from an OCI registry', () => {
  test('has no tag where the registry was not asked for it', () => {
    const { revision, written = '' } = asked({});
    expect(revision).toBe(FULL);
    expect(parseRevision(written)).toMatchObject({ version: '6.5.1', digest: DIGEST });
    expect(parseRevision(written).tag).toBeUndefined();
  });

  test('has the tag that is remembered', () => {
    expect(parseRevision(asked({ tag: 'v6.5.1' }).written ?? '').tag).toBe('v6.5.1');
  });

  test('has that of the revision that its pull request brings so far', () => {
    const pullRequest = { url: 'https://f/7', number: 7, revision: `6.5.0@${OTHER}` };
    const { writtenBefore = '' } = asked({}, { pullRequest });
    expect(parseRevision(writtenBefore)).toMatchObject({ tag: 'v6.5.0', digest: OTHER });
  });

  test('is the revision alone for other applications, where a tag stands before the digest', () => {
    expect(asked({ appRef: KUSTOMIZATION })).not.toHaveProperty('written');
    expect(asked({}, { revision: '1.2.3' }).written).toBe('1.2.3');
  });
});

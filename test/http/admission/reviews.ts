import { expect } from 'bun:test';
import type { SpecPolicy } from '../../../src/decide/validation.ts';
import type { ValidateDeps } from '../../../src/http/admission/validate.ts';
import { createAdmission, REVIEWS } from '../../../src/http/admission.ts';
import { createIntake, type IntakeLimits } from '../../../src/http/server/intake.ts';
import { createFakeLog } from '../../fakes/log.ts';
import {
  type Changes,
  type ClusterState,
  POLICY,
  pipelineObject,
  specOf,
} from '../../fixtures/pipelines/cases.ts';
import { objectsOf } from '../../fixtures/pipelines/objects.ts';

/** What tests of the admission webhook need: the real one over facts of theirs. */

export type Gather = ValidateDeps['gather'];

interface Answer {
  apiVersion: string;
  kind: string;
  response: {
    uid: string;
    allowed: boolean;
    warnings?: string[];
    status?: { status: string; reason: string; code: number; message: string };
  };
}

export function around(state: ClusterState = {}): Gather {
  return async () => objectsOf(state);
}

/** Fails the test when the cluster is asked for anything. */
export function nobody(): Promise<never> {
  return Promise.reject(new TypeError('nobody is to be asked'));
}

export function setUp(
  gather: Gather = around(),
  {
    requests = REVIEWS.requests,
    ...change
  }: Partial<SpecPolicy> & Partial<Pick<IntakeLimits, 'requests'>> = {},
) {
  const { log, lines } = createFakeLog();
  const reviews: boolean[] = [];
  const seconds: number[] = [];
  const app = createAdmission({
    intake: createIntake({ ...REVIEWS, requests }),
    policy: { ...POLICY, ...change },
    gather,
    log,
    onReview(allowed, took) {
      reviews.push(allowed);
      seconds.push(took);
    },
  });
  const send = (body: string) => app.request('/validate', { method: 'POST', body });
  const ask = async (request: Record<string, unknown>) => {
    const answer = await send(JSON.stringify(review(request)));
    expect(answer.status).toBe(200);
    return ((await answer.json()) as Answer).response;
  };
  const update = async (old: Changes, now: Changes) =>
    ask({
      operation: 'UPDATE',
      object: pipelineObject(await specOf(now)),
      oldObject: pipelineObject(await specOf(old)),
    });
  return { app, send, ask, update, lines, reviews, seconds };
}

export function review(request: Record<string, unknown>) {
  const fixed = { uid: 'b7c1', operation: 'CREATE', namespace: 'demo', name: 'podinfo' };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { ...fixed, ...request } };
}

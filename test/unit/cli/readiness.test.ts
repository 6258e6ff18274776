import { describe, expect, test } from 'bun:test';
import { createReadiness } from '../../../src/cli/serve/readiness.ts';

const CERTIFICATE = 'The admission webhook has no certificate yet.';

function start() {
  const state = { available: true, synced: true, now: 70_000, problems: [CERTIFICATE] };
  const config = { server: 'https://10.0.0.1', namespace: 'turnpike-system' };
  const unready = createReadiness(
    { client: { available: () => state.available, config }, store: { synced: () => state.synced } },
    { problems: () => state.problems },
    () => state.now,
  );
  return { state, unready };
}

describe('the readiness of a Pod', () => {
  test('waits five seconds for the certificate of admission, and no longer', () => {
    const { state, unready } = start();
    expect(unready()).toEqual([CERTIFICATE]);
    state.now += 4999;
    expect(unready()).toEqual([CERTIFICATE]);
    state.now += 1;
    expect(unready()).toEqual([]);
  });

  test('is there as soon as the certificate is', () => {
    const { state, unready } = start();
    state.problems = [];
    expect(unready()).toEqual([]);
  });

  test('waits for the API server and the Pipelines for as long as it takes', () => {
    const { state, unready } = start();
    state.now += 3_600_000;
    state.synced = false;
    expect(unready()).toEqual(['The Pipelines are not all read yet.']);
    state.available = false;
    expect(unready()).toEqual(['The API server https://10.0.0.1 does not answer.']);
  });
});

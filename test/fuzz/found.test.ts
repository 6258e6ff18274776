import { describe, expect, test } from 'bun:test';
import { isDeepStrictEqual } from 'node:util';
import { type Pipeline, pipelineKey } from '../../src/api/pipeline.ts';
import { parseStoredPipeline } from '../../src/observe/pipelines/stored-pipeline.ts';
import { event, pipeline } from '../fakes/pipeline.ts';
import { editMarked } from '../unit/lib/yaml/edit-marked.ts';
import { admissionApp } from './admission-app.ts';
import { hookApp, sign } from './hook-app.ts';
import { createOracle } from './oracle.ts';
import { pipelineOf, reviewOf, SPECS } from './seeds.ts';
import type { Json } from './tree.ts';

/** What the fuzzing has found, each as small as it can be. */

function send(start: Pipeline, environment: string, body: object) {
  const hook = hookApp(start);
  const text = JSON.stringify(body);
  const init = { method: 'POST', body: text, headers: { 'x-signature': sign(text) } };
  const response = hook.app.request(`/promotion/apps/app/${environment}`, init, { source: '10.0.0.1' });
  const status = () => JSON.parse(JSON.stringify(hook.store.get(pipelineKey('apps', 'app'))?.status ?? {}));
  return { response, status };
}

/** A pipeline with environments that go by names which JavaScript's objects have already. */
function named(...names: string[]): Pipeline {
  return pipeline({
    environments: names.map((name) => ({ name, targets: [{ namespace: name.toLowerCase() }] })),
  });
}

describe('an event', () => {
  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'with the reason %s is noted like any that is not known',
    async (reason) => {
      const { response, status } = send(pipeline(), 'dev', event({ reason }));
      expect(await (await response).json()).toMatchObject({ outcome: 'recorded' });
      expect((await createOracle()).refusesStatus(status())).toBeUndefined();
      expect(status().environments.dev.targets).toHaveLength(1);
    },
  );

  test.each(['0000-01-01T00:00:00+23:59', '0000-01-01T00:00+2359'])(
    'sent at %s is recorded with a time that the API server takes, or refused',
    async (timestamp) => {
      const { response, status } = send(pipeline(), 'dev', event({ timestamp }));
      expect([200, 202, 400]).toContain((await response).status);
      expect((await createOracle()).refusesStatus(status())).toBeUndefined();
    },
  );

  test.each(['constructor', 'prototype', 'toString'])(
    'for an environment called %s is there when the status is read again',
    async (name) => {
      const { response, status } = send(named(name, 'prod'), name, event({}, '1.1.0', name.toLowerCase()));
      expect((await response).status).toBe(202);
      const written = status();
      const read = parseStoredPipeline({ metadata: { name: 'app', namespace: 'apps' }, status: written });
      expect(isDeepStrictEqual(read.status, written)).toBe(true);
    },
  );
});

describe('a marked file', () => {
  test('that is no YAML gets a sentence, however much of it the parser would quote', () => {
    const text = `x: |${'a'.repeat(5000)}\nv: 1 # {"$promotion": "a:b:c"}\n`;
    const { problems } = editMarked(text, 'a:b:c', '2');
    expect(problems).toHaveLength(1);
    expect(problems.join('').length).toBeLessThan(1000);
  });
});

describe('a Pipeline', () => {
  test('whose notification is a list is denied, as the definition has it', async () => {
    const spec = { ...(SPECS[0] as { [key: string]: Json }), promotion: { strategy: { notification: [] } } };
    expect((await createOracle()).refusesSpec(spec)).toContain('must be object');
    const body = JSON.stringify(reviewOf({ object: pipelineOf(spec) }));
    const response = await admissionApp().app.request('/validate', { method: 'POST', body });
    expect(await response.json()).toMatchObject({ response: { allowed: false } });
  });
});

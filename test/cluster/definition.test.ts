import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  baseSpec,
  type Fields,
  pipelineObject,
  predecessorPipeline,
  ruleCases,
  specOf,
} from '../fixtures/pipelines/cases.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { applyFolder, patchPipeline, waitForDefinition } from './pipelines.ts';

const MINUTE = 60_000;

/** A lab of its own: it replaces the definition that other tests need. */
let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
  await Promise.all(['demo', 'flux-system'].map((name) => lab.kubectl(['create', 'namespace', name])));
}, MINUTE);

afterAll(() => lab.stop(), MINUTE);

describe("the CustomResourceDefinition over the predecessor's", () => {
  const old: Record<string, Fields | undefined> = {
    'without-spec': undefined,
    'without-environments': { appRef: { apiVersion: 'a/v1', kind: 'A', name: 'a' }, environments: [] },
    'with-odd-names': {
      appRef: { apiVersion: 'A', kind: 'a', name: 'A' },
      environments: [{ name: 'a/b c', targets: [] }],
    },
  };

  beforeAll(async () => {
    await lab.apply([lenientDefinition()]);
    await lab.kubectl(['wait', '--for=condition=Established', '--timeout=30s', '--all', 'crd']);
    await lab.apply(Object.entries(old).map(([name, spec]) => pipelineObject(spec, name)));
    await applyFolder(lab, 'manifests/crd');
    await waitForDefinition(lab);
  }, MINUTE);

  test.each(Object.keys(old))(
    'lets an object %s still take a status and a label',
    async (name) => {
      const status = { observedGeneration: 1, summary: 'seen' };
      await patchPipeline(lab, name, { status }, '--subresource=status');
      await patchPipeline(lab, name, { metadata: { labels: { seen: 'yes' } } });
      expect(await lab.get(['pipeline', name, '-n', 'demo'])).toMatchObject({ status });
      await lab.kubectl(['delete', 'pipeline', name, '-n', 'demo']);
    },
    MINUTE,
  );
});

describe('the CustomResourceDefinition', () => {
  test(
    "takes the predecessor's example as it is",
    async () => {
      const example = await predecessorPipeline();
      expect(await lab.apply([example])).toContain('created');
      const stored = (await lab.get(['pipeline', 'podinfo-02', '-n', 'flux-system'])) as Fields;
      expect(stored.spec).toEqual(example.spec);
      expect(stored.status).toEqual({ observedGeneration: -1 });
    },
    MINUTE,
  );

  test(
    'explains its fields',
    async () => {
      const explained = await lab.kubectl(['explain', 'pipeline.spec.environments']);
      expect(explained).toContain('The environments in the order of promotion, the first one first.');
      expect(explained).toContain('Where the application runs in this environment; at least one.');
    },
    MINUTE,
  );

  test(
    'prints the application, a summary and whether it is ready',
    async () => {
      await lab.apply([pipelineObject(await specOf(), 'printed')]);
      const condition = { type: 'Ready', status: 'True', reason: 'Succeeded', message: 'All is well.' };
      const conditions = [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }];
      const status = { summary: 'dev 1.3.0 → prod 1.2.0', conditions };
      await patchPipeline(lab, 'printed', { status }, '--subresource=status');
      const get = ['get', 'pipeline', 'printed', '-n', 'demo'];
      const [header, row] = (await lab.kubectl(get)).split('\n');
      expect(header).toMatch(/^NAME +APP +SUMMARY +READY +AGE$/);
      expect(row).toMatch(/^printed +podinfo +dev 1\.3\.0 → prod 1\.2\.0 +True +\S+$/);
      expect(await lab.kubectl([...get, '-o', 'wide'])).toContain('All is well.');
    },
    MINUTE,
  );
});

describe('the schema in the API server', async () => {
  const path = '/apis/pipelines.weave.works/v1alpha1/namespaces/demo/pipelines';
  const create = (spec: Fields) =>
    lab.request('POST', `${path}?dryRun=All&fieldValidation=Strict`, pipelineObject(spec, 'tried'));

  for (const { rule, good, bad, problems } of await ruleCases('schema')) {
    test(`holds that ${rule}`, async () => {
      expect((await create(await baseSpec(good))).status).toBe(201);
      const refused = await create(await baseSpec(bad));
      expect([400, 422]).toContain(refused.status);
      const { message } = (await refused.json()) as { message: string };
      for (const problem of problems) expect(message).toContain(problem.slice(0, problem.indexOf(':')));
    });
  }

  test('refuses a field that there is not', async () => {
    const refused = await create(await specOf({ suspended: true }));
    const { message } = (await refused.json()) as { message: string };
    expect(message).toContain('unknown field "spec.suspended"');
  });
});

/** Lets through all that the predecessor's definition did, and more. */
function lenientDefinition(): object {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const version = {
    name: 'v1alpha1',
    served: true,
    storage: true,
    subresources: { status: {} },
    schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
  };
  const names = { kind: 'Pipeline', listKind: 'PipelineList', plural: 'pipelines', singular: 'pipeline' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'pipelines.pipelines.weave.works' },
    spec: { group: 'pipelines.weave.works', names, scope: 'Namespaced', versions: [version] },
  };
}

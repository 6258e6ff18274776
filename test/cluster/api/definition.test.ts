import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { parse } from 'yaml';
import { crd } from '../../../scripts/crd.ts';
import { celRules, nodes, pipelineSchema } from '../../fakes/crd-schema.ts';
import {
  type Fields,
  pipelineObject,
  predecessorPipeline,
  ruleCases,
  specOf,
} from '../../fixtures/pipelines/cases.ts';
import { waitEstablished } from '../../lab/established.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { applyFolder, patchPipeline, waitForDefinition } from '../pipelines.ts';
import { CEL_CASES } from './definition-cases.ts';

const MINUTE = 60_000;
const COMPAT = join(import.meta.dir, '../../fixtures/pipelines/compat');

/** A lab of its own: it replaces the definition that other tests need. */
let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
  await Promise.all(['demo', 'flux-system'].map((name) => lab.kubectl(['create', 'namespace', name])));
}, MINUTE);

afterAll(() => lab.stop(), MINUTE);

describe("the CustomResourceDefinition over the predecessor's", () => {
  const appRef = { apiVersion: 'a/v1', kind: 'A', name: 'a' };
  const [a, b] = [
    { name: 'a', targets: [{ namespace: 'a' }] },
    { name: 'b', targets: [{ namespace: 'b' }] },
  ];
  const token = { type: 'github', url: 'https://u:p@h', baseBranch: '-', secretRef: { name: 'A' } };
  const strategy = { notification: {}, 'pull-request': token };
  const old: Record<string, Fields | undefined> = {
    'without-spec': undefined,
    'without-environments': { appRef, environments: [] },
    'with-odd-names': {
      appRef: { apiVersion: 'A', kind: 'a', name: 'A' },
      environments: [{ name: 'a/b c', targets: [] }],
    },
    'with-a-name-twice': { appRef, environments: [a, b, a] },
    'with-a-target-twice': { appRef, environments: [{ name: 'a', targets: [...a.targets, ...a.targets] }] },
    'with-a-password': { appRef, environments: [a], promotion: { strategy } },
    'with-60-environments': {
      appRef,
      environments: Array.from({ length: 60 }, (_, i) => ({ ...a, name: `e${i}` })),
    },
  };

  beforeAll(async () => {
    await lab.apply([lenientDefinition()]);
    await waitEstablished(lab, '--all', 'crd');
    await lab.apply(Object.entries(old).map(([name, spec]) => pipelineObject(spec, name)));
    await applyFolder(lab, 'manifests/crd');
    await waitForDefinition(lab);
  }, MINUTE);

  test.each(Object.keys(old))(
    'lets an object %s still take status, labels, finalizers and what it has already',
    async (name) => {
      const { resourceVersion } = (await stored(name)).metadata;
      const status = { observedGeneration: 1, summary: 'seen' };
      await applyServerSide({ ...manifest(name, { resourceVersion }), status }, '--subresource=status');
      await patchPipeline(lab, name, {
        metadata: { labels: { seen: 'yes' }, finalizers: ['example.com/held'] },
      });
      await applyServerSide({ ...manifest(name, { labels: { again: 'yes' } }), spec: old[name] });
      expect((await stored(name)).status).toEqual(status);
      await patchPipeline(lab, name, { metadata: { finalizers: null } });
      await lab.kubectl(['delete', 'pipeline', name, '-n', 'demo']);
    },
    MINUTE,
  );

  test(
    'keeps the order of environments, and none that was taken out, in any order of writes',
    async () => {
      const list = (...names: string[]) => ({ appRef, environments: names.map((name) => ({ ...a, name })) });
      await lab.kubectl(['create', '-f', '-'], {
        input: JSON.stringify(pipelineObject(list('dev', 'test', 'prod'), 'ordered')),
      });
      await applyServerSide({ ...manifest('ordered'), spec: list('prod', 'new', 'dev') });
      expect((await stored('ordered')).spec).toEqual(list('prod', 'new', 'dev'));
    },
    MINUTE,
  );

  function manifest(name: string, metadata: Fields = {}): Fields {
    const object = pipelineObject(undefined, name);
    return { ...object, metadata: { ...object.metadata, ...metadata } };
  }

  async function applyServerSide(object: Fields, ...args: string[]): Promise<void> {
    const apply = [
      'apply',
      '--server-side',
      '--force-conflicts',
      '--field-manager=turnpike',
      '-f',
      '-',
      ...args,
    ];
    await lab.kubectl(apply, { input: JSON.stringify(object) });
  }

  async function stored(name: string) {
    return (await lab.get(['pipeline', name, '-n', 'demo'])) as {
      metadata: Fields;
      spec: Fields;
      status: Fields;
    };
  }
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

  test.each([...new Bun.Glob('*.yaml').scanSync(COMPAT)].sort())(
    'takes what its users wrote for the predecessor: %s',
    async (file) => {
      const example = parse(await Bun.file(join(COMPAT, file)).text()) as { metadata: Fields; spec: Fields };
      expect(await lab.apply([example])).toContain('created');
      const { name = '', namespace = '' } = example.metadata as Record<string, string>;
      const { spec } = (await lab.get(['pipeline', name, '-n', namespace])) as Fields;
      expect(spec).toEqual(withDefaults(example.spec));
    },
    MINUTE,
  );

  test(
    'estimates each rule, and all together, at less than half of what the API server allows',
    async () => {
      const dryRun = (factor: number) =>
        lab.tryKubectl(['apply', '--dry-run=server', '-f', '-'], { input: JSON.stringify(repeated(factor)) });
      expect((await dryRun(2)).code).toBe(0);
      // The estimate does grow with the rule, or the line above would say nothing.
      expect((await dryRun(64)).stderr).toContain('estimated rule cost exceeds budget');
    },
    MINUTE,
  );

  test(
    'explains its fields',
    async () => {
      const explained = (await lab.kubectl(['explain', 'pipeline.spec.environments'])).replace(/\s+/g, ' ');
      expect(explained).toContain('The environments in the order of promotion: 1 to 50.');
      expect(explained).toContain('Where the application runs in this environment: 1 to 50 targets');
      expect(explained).toContain("Default: the Pipeline's promotion.");
    },
    MINUTE,
  );

  test(
    'prints the application, a summary, whether it is ready and whether it is suspended',
    async () => {
      await lab.apply([pipelineObject(await specOf(), 'printed')]);
      const condition = { type: 'Ready', status: 'True', reason: 'Succeeded', message: 'All is well.' };
      const conditions = [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }];
      const status = { summary: 'dev 1.3.0 → prod 1.2.0', conditions };
      await patchPipeline(lab, 'printed', { status }, '--subresource=status');
      const get = ['get', 'pipeline', 'printed', '-n', 'demo'];
      const [header, row] = (await lab.kubectl(get)).split('\n');
      expect(header).toMatch(/^NAME +APP +SUMMARY +READY +SUSPENDED +AGE$/);
      expect(row).toMatch(/^printed +podinfo +dev 1\.3\.0 → prod 1\.2\.0 +True +\S+$/);
      expect(await lab.kubectl([...get, '-o', 'wide'])).toContain('All is well.');
      await patchPipeline(lab, 'printed', { spec: { suspend: true } });
      expect(await lab.kubectl(get)).toMatch(/True +true +\S+\n/);
      for (const name of ['pl', 'all', 'fluxcd']) {
        expect(await lab.kubectl(['get', name, '-n', 'demo'])).toMatch(/^(pipeline\S+\/)?printed /m);
      }
    },
    MINUTE,
  );
});

describe('the schema in the API server', async () => {
  const path = '/apis/pipelines.weave.works/v1alpha1/namespaces/demo/pipelines';
  const create = (spec?: Fields) =>
    lab.request('POST', `${path}?dryRun=All&fieldValidation=Strict`, pipelineObject(spec, 'tried'));
  const causesOf = async (answer: Response) =>
    ((await answer.json()) as { details: { causes: { field: string; message: string }[] } }).details.causes;

  for (const { says, good, bad, problems } of await ruleCases('schema')) {
    test(`holds that ${says}`, async () => {
      expect((await create(await specOf(good))).status).toBe(201);
      const refused = await create(await specOf(bad));
      expect([400, 422]).toContain(refused.status);
      const { message } = (await refused.json()) as { message: string };
      for (const problem of problems) expect(message).toContain(problem.slice(0, problem.indexOf(':')));
    });
  }

  test.each(CEL_CASES)('says at $field: $message', async ({ message, field, good, bad }) => {
    expect((await create(await specOf(good))).status).toBe(201);
    const causes = await causesOf(await create(await specOf(bad)));
    expect(causes.map((cause) => cause.field)).toEqual([field]);
    expect(causes[0]?.message).toEndWith(message);
    expect(JSON.stringify(causes)).not.toContain('canary');
  });

  test('is tried with each of its rules', () => {
    const messages = nodes(pipelineSchema()).flatMap(([, node]) =>
      celRules(node).map(({ message }) => message),
    );
    const tried = CEL_CASES.map(({ message }) => message);
    expect([...new Set(messages)].filter((message) => !message.startsWith('Write spec:')).sort()).toEqual(
      tried.sort(),
    );
  });

  test('asks for a spec', async () => {
    const message = 'Required value: Write spec: the application in appRef and its environments in order.';
    expect(await causesOf(await create())).toMatchObject([{ field: 'spec', message }]);
  });

  test(
    'is what kubectl shows',
    async () => {
      const bad = { ...(await specOf()), promotion: { strategy: {} } };
      const { code, stderr } = await lab.tryKubectl(['apply', '-f', '-'], {
        input: JSON.stringify(pipelineObject(bad, 'shown')),
      });
      expect(code).toBe(1);
      expect(stderr).toContain(
        'The Pipeline "shown" is invalid: spec.promotion.strategy: Invalid value: No strategy is named: write one of pull-request, push and notification.',
      );
    },
    MINUTE,
  );

  test('refuses a field that there is not', async () => {
    const refused = await create(await specOf({ suspended: true }));
    const { message } = (await refused.json()) as { message: string };
    expect(message).toContain('unknown field "spec.suspended"');
  });
});

/** The API server writes what is left out of a pull request. */
function withDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withDefaults);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, field]) => [key, withDefaults(field)]);
  const isPullRequest = 'url' in value && 'type' in value;
  return { ...(isPullRequest && { baseBranch: 'main' }), ...Object.fromEntries(fields) };
}

/** The definition with each rule so many times over: as much costlier by the API server's estimate. */
function repeated(factor: number): unknown {
  const text = JSON.stringify(crd(), (key, value) =>
    key === 'rule' ? new Array(factor).fill(`(${value})`).join(' && ') : value,
  );
  return JSON.parse(text);
}

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

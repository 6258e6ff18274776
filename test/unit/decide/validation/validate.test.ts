import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { PipelineSpec } from '../../../../src/api/pipeline.ts';
import { promotionBranch } from '../../../../src/decide/model/promotion-branch.ts';
import {
  checkReferences,
  checkSpec,
  NO_OBJECTS,
  parseSpec,
  problemLine,
  referencesOf,
  type SecretState,
  secretReferences,
  validateSpec,
} from '../../../../src/decide/validation.ts';
import { branchProblem } from '../../../../src/lib/git/pure.ts';
import {
  CANARY,
  type Changes,
  NAMES,
  POLICY,
  predecessorPipeline,
  specOf,
} from '../../../fixtures/pipelines/cases.ts';
import { objectsOf } from '../../../fixtures/pipelines/objects.ts';

function valid(input: unknown): PipelineSpec {
  const parsed = parseSpec(input);
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.map(problemLine).join('\n'));
  return parsed.spec;
}

async function validOf(changes: Changes = {}): Promise<PipelineSpec> {
  return valid(await specOf(changes));
}

describe('the schema', () => {
  test.each([undefined, null])('asks for a spec where there is %p', (input) => {
    expect(parseSpec(input)).toMatchObject({ kind: 'invalid', problems: [{ field: 'spec' }] });
  });

  test('takes everything that the predecessor took', async () => {
    const { spec } = await predecessorPipeline();
    expect(validateSpec(valid(spec), POLICY, NAMES)).toEqual([]);
  });

  test('does not look at each entry of an endless list', async () => {
    const endless = new Array(200_000).fill({});
    const environments = parseSpec(await specOf({ environments: endless }));
    expect(environments).toMatchObject({ problems: [{ field: 'spec.environments' }] });
    const targets = parseSpec(await specOf({ 'environments.0.targets': endless }));
    expect(targets).toMatchObject({ problems: [{ field: 'spec.environments[0].targets' }] });
  });

  test('shows no long value as a whole', async () => {
    const checked = checkSpec(await specOf({ 'appRef.name': 'X'.repeat(10_000) }), POLICY, NAMES);
    expect(JSON.stringify(checked.findings).length).toBeLessThan(300);
  });

  const url = 'https://user:canary@git.example.com/a/b';
  const hidden: [string, Changes][] = [
    ['that is too long', { 'pull-request.url': `https://user:canary@${'x'.repeat(3000)}` }],
    ['that is none', { 'pull-request.url': 'https://user:canary@[' }],
    ['in a list', { 'pull-request.url': [url] }],
    ['in place of the object that it belongs to', { 'promotion.strategy.pull-request': url }],
    ['in place of a branch', { 'pull-request.baseBranch': url }],
    ['in place of a Secret', { 'pull-request.secretRef': 'canary' }],
  ];

  test.each(hidden)('shows no password of a URL %s', async (_, bad) => {
    const checked = checkSpec(await specOf(bad), POLICY, NAMES);
    expect(checked.findings.problems.length).toBe(1);
    expect(JSON.stringify(checked.findings)).not.toContain(CANARY);
  });

  test('says all there is to say of one field in one line', async () => {
    const checked = checkSpec(await specOf({ 'environments.0.name': '..-' }), POLICY, NAMES);
    expect(checked.findings.problems.length).toBe(1);
  });

  test('is asked first: of a spec that breaks it nothing else is said', async () => {
    const checked = checkSpec(await specOf({ 'appRef.kind': null, promotion: null }), POLICY, NAMES);
    expect(checked.kind).toBe('malformed');
    expect(checked.findings.warnings).toEqual([]);
  });
});

describe('a Secret', () => {
  test('may have a password without a letter of ASCII', async () => {
    const settings = { url: 'https://git.example.com/acme/fleet', secretRef: { name: 'repository' } };
    const strategy = { push: { ...settings, baseBranch: 'main' }, secretRef: { name: 'events' } };
    const spec = await validOf({ 'promotion.strategy': strategy });
    const objects = objectsOf({ secrets: { repository: { username: 'bot', password: 'пароль' } } });
    const { problems } = checkReferences(referencesOf(spec, NAMES), objects, POLICY);
    expect(problems.map(problemLine)).toEqual([]);
  });
});

describe('a target in another namespace', () => {
  test('is looked up unless --no-cross-namespace-refs rejects it', async () => {
    const spec = await validOf();
    expect(referencesOf(spec, NAMES).targets).not.toEqual([]);
    expect(referencesOf(spec, NAMES, { ...POLICY, noCrossNamespaceRefs: true }).targets).toEqual([]);
  });
});

describe('a Secret of a forge', () => {
  test.each(['username', 'password'])('that has a %s alone is not said to have both', async (key) => {
    const objects = objectsOf({ secrets: { repository: { [key]: CANARY } } });
    const { problems } = checkReferences(referencesOf(await validOf(), NAMES), objects, POLICY);
    expect(problems.map(({ message }) => message)).toEqual([
      'Secret demo/repository has no key token: add a token that may open pull requests.',
    ]);
  });
});

describe('validateSpec', () => {
  test('asks for an environment even of a spec that passed no schema', async () => {
    const [problem] = validateSpec({ ...(await validOf()), environments: [] }, POLICY, NAMES);
    expect(problem && problemLine(problem)).toBe('spec.environments: Write at least one environment.');
  });
});

describe('a branch', () => {
  const good = ['main', 'release/1.x', 'a@b', 'ünïcode', 'a.b', 'x'.repeat(244), 'a-b', '1', 'headless'];
  const bad = ['', '-x', 'HEAD', '@', 'a b', 'a\tb', 'a~1', 'a^', 'a:b', 'a?', 'a*', 'a[b', 'a\\b'].concat([
    'a..b',
    'a@{b',
    '/a',
    'a/',
    'a//b',
    'a.',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'é'.repeat(123),
  ]);

  test.each(good)('may be called %p', (branch) => expect(branchProblem(branch)).toBeUndefined());
  test.each(bad)('is refused as %p', (branch) => expect(branchProblem(branch)).toBeString());

  test.each([...good, ...bad])('is judged alike wherever it is written: %p', async (branch) => {
    const { findings } = checkSpec(await specOf({ 'pull-request.baseBranch': branch }), POLICY, NAMES);
    expect(findings.problems.length === 0).toBe(branchProblem(branch) === undefined);
  });

  test('is taken exactly when Git itself takes it', () => {
    const name = fc.string({
      unit: fc.constantFrom(...'aB1-._/@{~^: ?*[\\é'.split(''), '.lock'),
      maxLength: 12,
    });
    fc.assert(
      fc.property(name, (branch) => {
        const { exitCode } = Bun.spawnSync(['git', 'check-ref-format', `refs/heads/${branch}`]);
        const ours = branchProblem(branch) === undefined;
        return ours === (exitCode === 0 && !branch.startsWith('-') && branch !== '@');
      }),
      { numRuns: 150 },
    );
  });

  test("of a promotion has the predecessor's name", () => {
    expect(promotionBranch('demo', 'podinfo', 'prod')).toBe('promotion-demo-podinfo-prod');
  });
});

describe('the needs of a spec', () => {
  const hmac = { use: 'hmac', field: 'spec.promotion.strategy.secretRef.name', name: 'events' } as const;
  const forge = {
    use: 'forge',
    reaches: 'forge',
    field: 'spec.promotion.strategy.pull-request.secretRef.name',
    name: 'repository',
    type: 'github',
    url: 'https://github.com/example/fleet',
  } as const;

  test('name each Secret once for each use', async () => {
    const { promotion } = await validOf();
    const spec = await validOf({
      'environments.0.promotion': promotion,
      'environments.1.promotion': promotion,
    });
    expect(secretReferences(spec)).toEqual([hmac, forge]);
  });

  test('name a Secret again for another repository', async () => {
    const { promotion } = await validOf({ 'pull-request.url': 'https://github.com/example/other' });
    const field = 'spec.environments[1].promotion.strategy.pull-request.secretRef.name';
    expect(secretReferences(await validOf({ 'environments.1.promotion': promotion }))).toEqual([
      hmac,
      forge,
      { ...forge, field, url: 'https://github.com/example/other' },
    ]);
  });

  test('name the Secrets beside the credentials, and which keys these are not read for', async () => {
    const url = 'https://github.com/example/fleet';
    const spec = await validOf({
      'pull-request.certSecretRef': { name: 'tls' },
      'pull-request.proxySecretRef': { name: 'proxy' },
      'pull-request.webhookSecretRef': { name: 'hook' },
      'pull-request.commit': { signingKeySecretRef: { name: 'signing' } },
    });
    const field = (name: string) => `spec.promotion.strategy.pull-request.${name}.name`;
    expect(secretReferences(spec)).toEqual([
      hmac,
      { ...forge, elsewhere: ['tls', 'proxy', 'webhook', 'signing'], proxy: 'proxy' },
      { use: 'part', part: 'tls', field: field('certSecretRef'), name: 'tls', url, proxy: 'proxy' },
      { use: 'part', part: 'proxy', field: field('proxySecretRef'), name: 'proxy', url },
      { use: 'part', part: 'webhook', field: field('webhookSecretRef'), name: 'hook', url },
      {
        use: 'part',
        part: 'signing',
        field: field('commit.signingKeySecretRef'),
        name: 'signing',
        url,
        proxy: 'proxy',
      },
    ]);
  });

  test('name clusters and namespaces once, and look for applications on this cluster alone', async () => {
    const leaf = { namespace: 'a', clusterRef: { kind: 'Secret', name: 'leaf' } };
    const targets = [leaf, { namespace: 'b', clusterRef: leaf.clusterRef }, { namespace: 'a' }];
    const needs = referencesOf(await validOf({ 'environments.0.targets': targets }), NAMES);
    expect(needs.clusters.map(({ key }) => key)).toEqual(['Secret/demo/leaf']);
    expect(needs.applications.map(({ namespace }) => namespace)).toEqual(['a', 'podinfo-prod']);
    expect(needs.targets.map(({ key }) => key)).toEqual([
      'a/Secret/demo/leaf',
      'b/Secret/demo/leaf',
      'a',
      'podinfo-prod',
    ]);
  });
});

describe('a Secret', () => {
  const around = async (events: SecretState, change: Changes = {}) => {
    const facts = { ...objectsOf({}), secrets: new Map([...objectsOf({}).secrets, ['events', events]]) };
    return checkReferences(referencesOf(await validOf(change), NAMES), facts, POLICY);
  };

  test('that is not read is warned of', async () => {
    const { problems, warnings } = checkReferences(referencesOf(await validOf(), NAMES), NO_OBJECTS, POLICY);
    expect(problems).toEqual([]);
    expect(warnings.map(problemLine)).toEqual([
      'spec.promotion.strategy.secretRef.name: "events": Secret demo/events was not checked: it was not read.',
      'spec.promotion.strategy.pull-request.secretRef.name: "repository": Secret demo/repository was not checked: it was not read.',
    ]);
  });

  test('of its own that is encrypted is judged by its keys alone', async () => {
    const names = {
      tls: ['tls.crt', 'tls.key'],
      proxy: ['address'],
      signing: ['git.asc'],
      hook: ['webhook-secret'],
    };
    const sealed = Object.entries(names).map(([name, keys]): [string, SecretState] => {
      const values = new Map(keys.map((key) => [key, 'sealed'] as const));
      return [name, { kind: 'found', secret: { values, allowedHosts: 'sealed' } }];
    });
    const change = {
      'pull-request.certSecretRef': { name: 'tls' },
      'pull-request.proxySecretRef': { name: 'proxy' },
      'pull-request.webhookSecretRef': { name: 'hook' },
      'pull-request.commit': { signingKeySecretRef: { name: 'signing' } },
    };
    const secrets = (all: typeof sealed) => ({
      ...objectsOf({}),
      secrets: new Map([...objectsOf({}).secrets, ...all]),
    });
    const needs = referencesOf(await validOf(change), NAMES);
    expect(checkReferences(needs, secrets(sealed), POLICY).problems).toEqual([]);
    const half: typeof sealed = [
      ...sealed,
      ['tls', { kind: 'found', secret: { values: new Map([['tls.crt', 'sealed']]) } }],
    ];
    expect(checkReferences(needs, secrets(half), POLICY).problems.map(({ message }) => message)).toEqual([
      'Secret demo/tls has the key tls.crt but no tls.key: a client certificate and its private key belong together.',
    ]);
  });

  test('that cannot be read is warned of with the reason', async () => {
    const { problems, warnings } = await around({ kind: 'unknown', why: 'The API server is away.' });
    expect({ problems, messages: warnings.map(({ message }) => message) }).toEqual({
      problems: [],
      messages: ['Secret demo/events was not checked: The API server is away.'],
    });
  });

  test('whose keys nobody knows counts as it should be', async () => {
    expect(await around({ kind: 'found', secret: {} })).toEqual({ problems: [], warnings: [] });
  });

  test('that is encrypted has the keys that it names', async () => {
    const secret = { values: new Map([['hmac-key', 'sealed']] as const) };
    expect(await around({ kind: 'found', secret })).toEqual({ problems: [], warnings: [] });
    const other = { values: new Map([['token', 'sealed']] as const) };
    expect((await around({ kind: 'found', secret: other })).problems).toMatchObject([
      { rule: 'secret-keys' },
    ]);
  });
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { PipelineSpec } from '../../src/api/pipeline.ts';
import type { HostPolicy } from '../../src/decide/hosts.ts';
import {
  branchProblem,
  type FieldProblem,
  parseSpec,
  problemLine,
  promotionBranch,
  type SecretData,
  type SecretNeed,
  secretNeeds,
  secretProblems,
  secretWarnings,
  specWarnings,
  validateSpec,
} from '../../src/decide/validate.ts';
import { baseSpec, predecessorPipeline, ruleCases, specOf } from '../fixtures/pipelines/cases.ts';

const POLICY: HostPolicy = { allowed: [], insecure: ['127.0.0.1:3000'] };
const NAMES = { namespace: 'demo', name: 'podinfo' };
const NO_LINES: string[] = [];

function lines(problems: readonly FieldProblem[]): string[] {
  return problems.map(problemLine);
}

function valid(input: unknown): PipelineSpec {
  const parsed = parseSpec(input);
  if (parsed.kind === 'invalid') throw new Error(lines(parsed.problems).join('\n'));
  return parsed.spec;
}

describe('the schema', async () => {
  for (const { rule, good, bad, problems } of await ruleCases('schema')) {
    test(`holds that ${rule}`, async () => {
      expect(parseSpec(await baseSpec(good)).kind).toBe('valid');
      const parsed = parseSpec(await baseSpec(bad));
      expect(parsed.kind === 'invalid' ? lines(parsed.problems) : []).toEqual([...problems]);
    });
  }

  test.each([undefined, null])('asks for a spec where there is %p', (input) => {
    expect(parseSpec(input)).toMatchObject({ kind: 'invalid', problems: [{ field: 'spec' }] });
  });

  test('takes everything that the predecessor took', async () => {
    const { spec } = await predecessorPipeline();
    expect(lines(validateSpec(valid(spec), POLICY, NAMES))).toEqual([]);
  });

  test('does not look at each entry of an endless list', async () => {
    const endless = new Array(200_000).fill({});
    const environments = parseSpec(await baseSpec({ environments: endless }));
    expect(environments).toMatchObject({ problems: [{ field: 'spec.environments' }] });
    const targets = parseSpec(await baseSpec({ environments: [{ name: 'dev', targets: endless }] }));
    expect(targets).toMatchObject({ problems: [{ field: 'spec.environments[0].targets' }] });
  });

  test('shows no URL, which may hold a password', () => {
    const pullRequest = { url: `https://user:secret@${'x'.repeat(3000)}` };
    const parsed = parseSpec({ promotion: { strategy: { 'pull-request': pullRequest } } });
    expect(JSON.stringify(parsed)).not.toContain('secret@');
  });
});

describe('validateSpec', async () => {
  for (const { rule, good, bad, problems } of await ruleCases('rules')) {
    test(`holds that ${rule}`, async () => {
      expect(lines(validateSpec(valid(await specOf(good)), POLICY, NAMES))).toEqual([]);
      expect(lines(validateSpec(valid(await specOf(bad)), POLICY, NAMES))).toEqual([...problems]);
    });
  }

  test('asks for an environment even of a spec that passed no schema', async () => {
    const spec = { ...valid(await specOf()), environments: [] };
    expect(lines(validateSpec(spec, POLICY))).toEqual(['spec.environments: Write at least one environment.']);
  });
});

describe('a warning', async () => {
  for (const { rule, good, bad, problems } of await ruleCases('warnings')) {
    test(`says that ${rule}`, async () => {
      expect(lines(specWarnings(valid(await specOf(good)), 'demo'))).toEqual([]);
      expect(lines(specWarnings(valid(await specOf(bad)), 'demo'))).toEqual([...problems]);
      expect(lines(validateSpec(valid(await specOf(bad)), POLICY, NAMES))).toEqual([]);
    });
  }
});

describe('a branch', () => {
  const good = ['main', 'release/1.x', 'a@b', 'ünïcode', 'a.b', 'x'.repeat(244), 'a-b', '1', 'headless'];
  const bad = [
    '',
    '-x',
    'HEAD',
    '@',
    'a b',
    'a\tb',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[b',
    'a\\b',
    'a..b',
  ].concat(['a@{b', '/a', 'a/', 'a//b', 'a.', '.a', 'a/.b', 'a.lock', 'a.lock/b', 'é'.repeat(123)]);

  test.each(good)('may be called %p', (branch) => expect(branchProblem(branch)).toBeUndefined());
  test.each(bad)('is refused as %p', (branch) => expect(branchProblem(branch)).toBeString());

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

describe('secretNeeds', () => {
  test('names each Secret once for each use', async () => {
    const { environments, promotion } = valid(await specOf());
    const spec = valid(
      await specOf({ environments: environments.map((environment) => ({ ...environment, promotion })) }),
    );
    expect(secretNeeds(spec)).toEqual([
      {
        field: 'spec.promotion.strategy.secretRef.name',
        name: 'events',
        use: 'hmac',
        tokenRequired: false,
      },
      {
        field: 'spec.promotion.strategy.pull-request.secretRef.name',
        name: 'repository',
        use: 'forge',
        tokenRequired: true,
      },
    ]);
  });
});

describe('a Secret', () => {
  const hmac: SecretNeed = { field: 'f', name: 's', use: 'hmac', tokenRequired: false };
  const forge: SecretNeed = { field: 'f', name: 's', use: 'forge', tokenRequired: true };
  const later: SecretNeed = { ...forge, tokenRequired: false };
  const key = 'k'.repeat(32);
  const cases: [string, SecretNeed, Record<string, string> | undefined, string][] = [
    [
      'that is missing',
      hmac,
      undefined,
      'Secret demo/s does not exist: create it there, with the key hmac-key.',
    ],
    [
      'that is missing',
      forge,
      undefined,
      'Secret demo/s does not exist: create it there, with the key token.',
    ],
    ['without the key', hmac, { token: key }, 'has no key hmac-key'],
    ['with an empty key', hmac, { 'hmac-key': '' }, 'The hmac-key of Secret demo/s has 0 bytes'],
    ['with a short key', hmac, { 'hmac-key': 'k'.repeat(15) }, 'has 15 bytes and can be guessed'],
    ['with a short old key', hmac, { 'hmac-key': key, 'hmac-key-previous': '' }, 'The hmac-key-previous of'],
    ['with a good key', hmac, { 'hmac-key': key, 'hmac-key-previous': key }, ''],
    ['with a token', forge, { token: 't' }, ''],
    ['with a blank token', forge, { token: ' \n' }, 'has no key token'],
    ['with a password alone', forge, { username: 'u', password: 'p' }, 'has no key token'],
    ['with a token and a password', forge, { token: 't', username: 'u', password: 'p' }, ''],
    [
      'with a token and half a password',
      forge,
      { token: 't', username: 'u' },
      'has the key username but no password',
    ],
    [
      'with a token and half a password',
      forge,
      { token: 't', password: 'p' },
      'has the key password but no username',
    ],
    ['with a password for a forge that takes it', later, { username: 'u', password: 'p' }, ''],
    ['with nothing', later, {}, 'has neither a token nor username and password'],
  ];

  test.each(cases)('%s is judged', (_, need, keys, expected) => {
    const found = lines(secretProblems(need, 'demo', keys && data(keys)));
    if (expected === '') expect(found).toEqual(NO_LINES);
    else expect(found).toEqual([expect.stringContaining(expected)]);
  });

  test('with a key of 16 to 31 bytes is warned of', () => {
    const warnings = (length: number) =>
      secretWarnings(hmac, 'demo', data({ 'hmac-key': 'k'.repeat(length) }));
    expect([15, 16, 31, 32].map((length) => warnings(length).length)).toEqual([0, 1, 1, 0]);
    expect(secretWarnings(forge, 'demo', data({ 'hmac-key': 'k'.repeat(20) }))).toEqual([]);
  });
});

function data(keys: Record<string, string>): SecretData {
  return new Map(Object.entries(keys).map(([name, value]) => [name, new TextEncoder().encode(value)]));
}

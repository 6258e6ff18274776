import { describe, expect, test } from 'bun:test';
import { stringify } from 'yaml';
import {
  checkReferences,
  checkSpec,
  type Findings,
  mergeFindings,
  problemLine,
  RULES,
  type RuleName,
  referencesOf,
} from '../../../../src/decide/validation.ts';
import { lines, validate } from '../../../fakes/validate-command.ts';
import {
  allCases,
  CANARY,
  type Changes,
  type ClusterState,
  NAMES,
  POLICY,
  type RuleCase,
  specOf,
} from '../../../fixtures/pipelines/cases.ts';
import { objectsOf } from '../../../fixtures/pipelines/objects.ts';
import { FLAGS, place } from '../../../fixtures/pipelines/placed.ts';

/**
 * The examples of test/fixtures/pipelines, offline: by the rules themselves and by `turnpike validate`.
 * test/cluster/api/rules.test.ts and rules-stored.test.ts have the ways through the webhook and the reconciler.
 */

async function findingsOf(
  changes: Changes,
  around: ClusterState,
  { policy: own }: Pick<RuleCase, 'policy'>,
): Promise<Findings> {
  const policy = { ...POLICY, ...own };
  const checked = checkSpec(await specOf(changes), policy, NAMES);
  if (checked.kind === 'malformed') return checked.findings;
  const needs = referencesOf(checked.spec, NAMES, policy);
  return mergeFindings(checked.findings, checkReferences(needs, objectsOf(around), policy));
}

/** What cannot be told of a spec that is read already. */
const OF_THE_TEXT: readonly RuleName[] = ['field-known'];

const CASES = (await allCases()).filter(({ rule }) => !OF_THE_TEXT.includes(rule));
const table = CASES.map((one): [string, RuleCase] => [`${one.rule}: ${one.says}`, one]);

describe('a rule', () => {
  test.each(table)('holds that %s', async (_, example) => {
    const { rule, good, bad, goodIn, badIn, problems, warnings } = example;
    const kept = await findingsOf(good, goodIn, example);
    expect(kept.problems).toEqual([]);
    if (warnings.length > 0) expect(kept.warnings.map((one) => one.rule)).not.toContain(rule);
    const broken = await findingsOf(bad, badIn, example);
    expect(broken.problems.map(problemLine)).toEqual([...problems]);
    if (warnings.length > 0) expect(broken.warnings.map(problemLine)).toEqual([...warnings]);
    expect([...broken.problems, ...broken.warnings].map((one) => one.rule)).toContain(rule);
  });

  test('says nothing that is a secret', async () => {
    for (const example of CASES) {
      const findings = await findingsOf(example.bad, example.badIn, example);
      expect(JSON.stringify(findings)).not.toContain(CANARY);
    }
  });
});

/** What files do not tell: they bring some of what is in a cluster, and every name is a tenant's. */
function offline({ rule, problems, warnings }: RuleCase): Pick<RuleCase, 'problems' | 'warnings'> {
  const ofTheCluster: RuleName[] = ['cluster-exists', 'application-readable', 'target-readable-by-author'];
  if (ofTheCluster.includes(rule)) return { problems: [], warnings: [] };
  if (rule === 'secret-exists') {
    const why = 'was not checked: It is not among the checked files.';
    return { problems: [], warnings: problems.map((line) => line.replace(/does not exist: .*/, why)) };
  }
  const foreign = 'A Pipeline of another namespace';
  return { problems, warnings: warnings.map((line) => line.replace(foreign, 'Pipeline demo-2/other')) };
}

describe('turnpike validate', async () => {
  const all = (await allCases()).map((one): [string, RuleCase] => [`${one.rule}: ${one.says}`, one]);
  const flags = Object.entries(FLAGS).map(([name, value]) => `--${name}=${value}`);

  async function run(example: RuleCase, side: 'good' | 'bad') {
    const { pipeline, others } = await place(example, side, NAMES.namespace, NAMES.name);
    const input = [...others, pipeline].map((object) => stringify(object)).join('---\n');
    const own = example.policy?.noCrossNamespaceRefs ? ['--no-cross-namespace-refs'] : [];
    const { code, out, err } = await validate(['-f', '-', ...flags, ...own], { input });
    expect(out + err).not.toContain(CANARY);
    const bare = (text: string) => lines(text).map((line) => line.replace(/^-:\d+:\d+: (warning: )?/, ''));
    // They come in the order of the file.
    return { code, errors: bare(out).sort(), warnings: bare(err) };
  }

  test.each(all)('says of %s what the rule says', async (_, example) => {
    const { problems, warnings } = offline(example);
    expect(await run(example, 'good')).toMatchObject({ code: 0, errors: [] });
    const found = await run(example, 'bad');
    expect(found).toMatchObject({ code: problems.length > 0 ? 1 : 0, errors: problems.toSorted() });
    expect(found.warnings).toEqual(expect.arrayContaining([...warnings]));
  });
});

describe('the examples', () => {
  test('are of all rules, and of no other', async () => {
    const named = new Set<string>((await allCases()).map(({ rule }) => rule));
    expect([...named].sort()).toEqual(Object.keys(RULES).sort());
  });

  test('have sentences of their own', () => {
    expect(new Set(table.map(([name]) => name)).size).toBe(CASES.length);
  });
});

describe('docs/rules.md', async () => {
  const page = await Bun.file(new URL('../../../../docs/rules.md', import.meta.url)).text();

  test.each(Object.entries(RULES))('has a line for %s with one of its messages', async (rule, says) => {
    const line = page.split('\n').find((one) => one.startsWith(`| \`${rule}\` | ${says} | `)) ?? '';
    const messages = (await allCases())
      .filter((one) => one.rule === rule)
      .flatMap((one) => [...one.problems, ...one.warnings]);
    expect(messages.some((message) => line.includes(`\`${message}\``))).toBe(true);
  });
});

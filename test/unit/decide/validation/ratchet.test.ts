import { describe, expect, test } from 'bun:test';
import {
  checkReferences,
  checkSpec,
  type Findings,
  mergeFindings,
  ratchet,
  referencesOf,
} from '../../../../src/decide/validation.ts';
import { type Changes, type ClusterState, NAMES, POLICY, specOf } from '../../../fixtures/pipelines/cases.ts';
import { objectsOf } from '../../../fixtures/pipelines/objects.ts';

async function checkedWith(changes: Changes, around: ClusterState) {
  const spec = await specOf(changes);
  const checked = checkSpec(spec, POLICY, NAMES);
  if (checked.kind === 'malformed') return { spec, findings: checked.findings };
  const referenced = checkReferences(referencesOf(checked.spec, NAMES), objectsOf(around), POLICY);
  return { spec, findings: mergeFindings(checked.findings, referenced) };
}

/** What is said of a change from one spec to another, by rule. */
async function change(before: Changes, now: Changes, around: ClusterState = {}) {
  const { problems, warnings } = ratchet(await checkedWith(now, around), await checkedWith(before, around));
  const rules = (findings: Findings['problems']) => findings.map(({ rule }) => rule);
  return { problems: rules(problems), warnings: rules(warnings) };
}

const [DEV, PROD] = [
  { name: 'dev', targets: [{ namespace: 'podinfo-dev' }] },
  { name: 'prod', targets: [{ namespace: 'podinfo-prod' }] },
];
const NO_KEY = { name: 'qa', targets: [] };
const BAD_HOST = { 'pull-request.url': 'https://localhost/a/b' };

describe('a fault that was there before', () => {
  const untouched: [string, Changes, Changes, ClusterState][] = [
    ['of a field', { 'appRef.kind': 'helm' }, { suspend: true }, {}],
    ['of a missing field', { 'appRef.kind': null }, { suspend: true }, {}],
    ['of a URL', BAD_HOST, { suspend: true }, {}],
    ['of a strategy', { 'promotion.strategy.notification': {} }, { 'promotion.manual': true }, {}],
    ['of an environment', { 'environments.0.targets': [] }, { 'environments.1.name': 'live' }, {}],
    ['of a Secret', {}, { suspend: true }, { secrets: { events: null } }],
    ["of a forge's Secret", {}, { suspend: true }, { secrets: { repository: null } }],
    ["of a Secret's hosts", {}, { 'appRef.name': 'other' }, { allowedHosts: { repository: '' } }],
  ];

  test.each(untouched)('%s is a warning where the change does not touch it', async (_, old, add, around) => {
    const { problems } = await checkedWith(old, around).then(({ findings }) => findings);
    expect(problems.length).toBe(1);
    const rule = problems[0]?.rule;
    expect(await change(old, { ...old, ...add }, around)).toEqual({
      problems: [],
      warnings: expect.arrayContaining([rule]),
    });
  });

  const touched: [string, Changes, Changes, ClusterState][] = [
    ['into another one', { 'appRef.kind': 'helm' }, { 'appRef.kind': 'kustomize' }, {}],
    ['of a URL', BAD_HOST, { 'pull-request.url': 'https://localhost/a/c' }, {}],
    ['beside a URL', BAD_HOST, { ...BAD_HOST, 'pull-request.secretRef.name': 'other' }, {}],
    [
      'beside a URL that is none',
      { 'pull-request.url': 'nowhere' },
      { 'pull-request.url': 'nowhere', 'pull-request.secretRef.name': 'other' },
      {},
    ],
    [
      'to another Secret',
      {},
      { 'promotion.strategy.secretRef.name': 'absent' },
      { secrets: { events: null } },
    ],
    [
      'of the URL that a Secret is for',
      {},
      { 'pull-request.url': 'https://github.com/example/other' },
      { allowedHosts: { repository: 'git.example.com' } },
    ],
    ['to a second fault', { 'appRef.kind': 'helm' }, { 'appRef.kind': 'helm', 'appRef.name': '' }, {}],
    [
      'by another one of the same kind elsewhere',
      { 'environments.0.targets': [] },
      { 'environments.0.targets': [], 'environments.1.targets': [] },
      {},
    ],
  ];

  test.each(touched)('is a fault once it is changed %s', async (_, old, now, around) => {
    // What a name leads to has to be there, lest its absence be another fault.
    const secrets = { other: { token: 't' }, absent: null, ...around.secrets };
    const { problems } = await change(old, now, { ...around, secrets });
    expect(problems.length).toBe(1);
  });
});

describe('an environment', () => {
  test('keeps its old fault when another one is put in front of it', async () => {
    const found = await change(
      { environments: [DEV, NO_KEY, PROD] },
      { environments: [{ ...DEV, name: 'first' }, DEV, NO_KEY, PROD] },
    );
    expect(found.problems).toEqual([]);
    expect(found.warnings).toContain('environment-has-target');
  });

  test('keeps its old fault when the one in front of it goes', async () => {
    const found = await change({ environments: [DEV, NO_KEY] }, { environments: [NO_KEY] });
    expect(found.problems).toEqual([]);
  });

  test('has a new fault under a new name', async () => {
    const found = await change(
      { environments: [DEV, NO_KEY] },
      { environments: [DEV, { ...NO_KEY, name: 'other' }] },
    );
    expect(found.problems).toEqual(['environment-has-target']);
  });

  test('of a name that is there twice keeps that fault, and a third one is new', async () => {
    const twice = { environments: [DEV, DEV] };
    expect((await change(twice, { ...twice, suspend: true })).problems).toEqual([]);
    expect((await change(twice, { environments: [DEV, DEV, DEV] })).problems).toEqual([
      'environment-name-unique',
    ]);
  });
});

test('a spec that was no spec has no old faults that could excuse new ones', async () => {
  const before = { spec: 'text', findings: { problems: [], warnings: [] } };
  const now = await checkedWith(BAD_HOST, {});
  expect(ratchet(now, before).problems).toEqual(now.findings.problems);
});

test('warnings stay warnings', async () => {
  const old = { promotion: null };
  expect((await change(old, { ...old, suspend: true })).warnings).toEqual(['promotion-into-each']);
});

import { describe, expect, test } from 'bun:test';
import type {
  EnvironmentStatus,
  PipelineSpec,
  PipelineStatus,
  StoredPipeline,
} from '../../../src/api/pipeline.ts';
import { age, createColumns } from '../../../src/cli/columns.ts';
import { readGetArguments } from '../../../src/cli/get/arguments.ts';
import { header, remarksOn, rowsOf } from '../../../src/cli/get/table.ts';
import { waitsFor } from '../../../src/decide/promotion/waiting.ts';
import { at, NOW, pipeline } from '../../fakes/pipeline.ts';

type Environments = Record<string, EnvironmentStatus>;

function runs(revision: string, ready = true, error?: string): EnvironmentStatus {
  const clusterAppRef = { apiVersion: 'v1', kind: 'ConfigMap', name: 'app' };
  return { targets: [{ clusterAppRef, namespace: 'there', ready, revision, ...(error && { error }) }] };
}

function stored(status: PipelineStatus, change: Partial<PipelineSpec> = {}): StoredPipeline {
  const { metadata, spec } = pipeline(change);
  return { metadata, spec: { ok: true, value: spec }, status: { observedGeneration: 1, ...status } };
}

describe('the sentence about an environment', () => {
  const said = (environments: Environments, change: Partial<PipelineSpec> = {}) => {
    const one = pipeline(change, { environments });
    return one.spec.environments.map((_, index) => waitsFor(one, index));
  };
  const [DEV, STAGING, PROD] = [
    'Waits for the next deployment.',
    'Waits for the next revision in dev.',
    'Waits for the next revision in staging.',
  ];

  test('says that nothing is to be done where all run the same', () => {
    const all = { dev: runs('1.1.0'), staging: runs('1.1.0'), prod: runs('1.1.0') };
    expect(said(all)).toEqual([DEV, STAGING, PROD]);
    expect(said({})).toEqual([DEV, STAGING, PROD]);
  });

  test.each<[string, EnvironmentStatus, string]>([
    [
      'its own words',
      { promotion: { revision: '1.1.0', phase: 'Pending', message: 'Waits until Monday.' } },
      'Waits until Monday.',
    ],
    [
      'what the predecessor left waiting',
      { waitingApproval: { revision: 'main@sha1:0123456789abcdef' } },
      'Waits for an approval of main@0123456.',
    ],
    [
      'a pull request',
      {
        promotion: {
          revision: '1.1.0',
          phase: 'PullRequestOpen',
          pullRequest: { url: 'https://git.example.com/7', number: 7 },
        },
      },
      'Waits until pull request #7 is merged.',
    ],
    [
      'what was just recorded',
      { promotion: { revision: '1.1.0', phase: 'Promoting' } },
      '1.1.0 is promoted next.',
    ],
    [
      'who turned it away, while that is the last word',
      { promotion: { revision: '1.1.0', phase: 'Rejected', message: 'It was closed.' } },
      'It was closed.',
    ],
    [
      'nothing of a promotion that is over',
      { promotion: { revision: '1.0.0', phase: 'Rejected', message: 'It was closed.' } },
      'Waits for the next revision in dev.',
    ],
    [
      'an application that is not ready',
      runs('1.0.0', false, 'Not enough memory.'),
      'there: Not enough memory.',
    ],
    [
      'a deployment that failed',
      {
        ...runs('1.0.0'),
        deployment: {
          revision: '1.1.0',
          phase: 'Failed',
          observedAt: at(0),
          source: 'watch',
          message: 'No.',
        },
      },
      'The deployment of 1.1.0 failed: No.',
    ],
  ])('has %s', (_, staging, sentence) => {
    expect(said({ dev: runs('1.1.0'), staging: { ...runs('1.0.0'), ...staging } })[1]).toBe(sentence);
  });

  test('names the environment before that is not ready, and the promotion that is missing', () => {
    const environments = { dev: runs('1.1.0', false), staging: runs('1.0.0') };
    expect(said(environments)[1]).toBe('Waits until dev is ready at one revision.');
    const { promotion: _, ...without } = pipeline().spec;
    const one = { ...pipeline(), spec: without };
    expect(waitsFor(one, 2)).toBe('No promotion is configured for prod.');
  });
});

describe('the table of turnpike get', () => {
  const pullRequest = { url: 'https://git.example.com/acme/fleet/pulls/7', number: 7 };
  const message = 'Waits until pull request #7 is merged.';
  const environments: Environments = {
    dev: {
      ...runs('1.1.0'),
      deployment: { revision: '1.1.0', phase: 'Succeeded', observedAt: at(-300), source: 'watch' },
    },
    staging: {
      ...runs('1.0.0'),
      promotion: { revision: '1.1.0', phase: 'PullRequestOpen', pullRequest, message, updatedAt: at(-90) },
    },
  };

  test('has a row for each environment, with aligned columns', () => {
    const options = { namespaces: true, now: NOW };
    const rows = [header(options), ...rowsOf(stored({ environments }), options)];
    expect(createColumns()(rows)).toEqual([
      'NAMESPACE  PIPELINE  ENVIRONMENT  CURRENT  READY  NEXT   PHASE            SINCE  MESSAGE',
      'apps       app       dev          1.1.0    1/1    –      –                5m     Waits for the next deployment.',
      `apps       app       staging      1.0.0    1/1    1.1.0  PullRequestOpen  90s    ${message} ${pullRequest.url}`,
      'apps       app       prod         –        –      –      –                       Waits for the next revision in staging.',
    ]);
  });

  test('shows a spec that cannot be read', () => {
    const { metadata } = stored({});
    const faulty = { metadata, spec: { ok: false as const, problems: ['spec.appRef: missing'] }, status: {} };
    const [row] = rowsOf(faulty, { namespaces: false, now: NOW });
    expect(row).toEqual(['app', '–', '', '', '', '', '', 'The spec is invalid: spec.appRef: missing']);
    expect(header({ namespaces: false })).toHaveLength(row?.length ?? 0);
  });

  test('is followed by what keeps a Pipeline from going on', () => {
    const condition = (type: string, status: 'True' | 'False', reason: string) => ({
      type,
      status,
      reason,
      message: `Because of ${reason}.`,
      lastTransitionTime: at(0),
    });
    const conditions = [
      condition('Ready', 'False', 'SecretNotUsable'),
      condition('Warning', 'True', 'SuspiciousSpec'),
      condition('PromotionPending', 'True', 'GateClosed'),
    ];
    expect(remarksOn(stored({ conditions, observedGeneration: 0 }, { suspend: true }))).toEqual([
      'apps/app: Turnpike has not observed this spec yet. Is it running, and watching this namespace?',
      'apps/app: suspended, nothing is promoted.',
      'apps/app: Ready is False (SecretNotUsable). Because of SecretNotUsable.',
      'apps/app: Warning is True (SuspiciousSpec). Because of SuspiciousSpec.',
    ]);
    expect(remarksOn(stored({ conditions: [condition('Ready', 'False', 'PromotionFailed')] }))).toEqual([]);
  });
});

describe('columns', () => {
  test('take nothing that moves the cursor or the text, and know wide letters', () => {
    const align = createColumns();
    expect(
      align([
        ['a\u001b[2J\r\nb', 'x'],
        ['\u202Ec', 'y'],
        ['版本', 'z'],
      ]),
    ).toEqual(['a [2J b  x', 'c        y', '版本     z']);
    expect(align([['d', 'e']])).toEqual(['d        e']);
  });

  test.each([
    [0, '0s'],
    [-5, '0s'],
    [119, '119s'],
    [120, '2m'],
    [7199, '119m'],
    [7200, '2h'],
    [200_000, '2d'],
  ])('have %d seconds as %s', (seconds, shown) => {
    expect(age(at(-seconds), NOW)).toBe(shown);
  });
});

describe('the arguments of turnpike get', () => {
  test('are read as kubectl reads its own', () => {
    const cluster = { kubeconfig: '', context: '' };
    expect(readGetArguments([])).toEqual({ allNamespaces: false, output: 'table', watch: false, cluster });
    expect(readGetArguments(['app', '-n=apps', '-o', 'yaml', '-w', '--context', 'eu'])).toEqual({
      name: 'app',
      namespace: 'apps',
      allNamespaces: false,
      output: 'yaml',
      watch: true,
      cluster: { kubeconfig: '', context: 'eu' },
    });
  });

  test.each([
    [['a', 'b'], 'One name at most: leave out the name to see all Pipelines.'],
    [['a', '-A'], 'A Pipeline is looked up by its name in one namespace: write -n in place of -A.'],
    [['-A', '-n', 'x'], 'Write -n or -A, not both.'],
    [['-n', ''], 'A name must not be empty.'],
    [['-o', 'wide'], '-o: "wide" is not one of table, json, yaml.'],
    [['--nonsense'], "Unknown option '--nonsense'."],
  ])('that make no sense are refused: %p', (args, sentence) => {
    expect(readGetArguments(args)).toBe(sentence);
  });
});

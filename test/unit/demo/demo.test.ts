import { describe, expect, test } from 'bun:test';
import { describeApplied } from '../../../demo/apply.ts';
import { parseRequest } from '../../../demo/options.ts';
import { createPrinter, formatRows, wrap } from '../../../demo/print.ts';
import { createSteps } from '../../../demo/steps.ts';
import { parseRow } from '../../../demo/watch.ts';

function record(colours: boolean) {
  const written: string[] = [];
  const clock = { ms: 5000 };
  const write = (text: string) => written.push(text);
  const print = createPrinter({ write, terminal: false, colours, now: () => clock.ms });
  return { written, clock, print };
}

describe('the flags of the demo', () => {
  test.each([
    [[], { kind: 'demo', options: { flux: undefined, keep: false } }],
    [['--flux', '--keep'], { kind: 'demo', options: { flux: true, keep: true } }],
    [['--no-flux'], { kind: 'demo', options: { flux: false, keep: false } }],
    [['--stop'], { kind: 'stop' }],
    [['-h', '--flux'], { kind: 'help' }],
  ] as const)('%j is understood', (args, request) => {
    expect(parseRequest(args)).toEqual(request);
  });

  test.each([[['--fluxx']], [['now']], [['--keep=1']], [['--flux', '--no-flux']], [['--stop', '--keep']]])(
    '%j is wrong usage',
    (args) => {
      expect(parseRequest(args)).toMatchObject({ kind: 'wrong usage', problem: expect.any(String) });
    },
  );
});

describe('what the demo prints', () => {
  test('has the time since the start in front, and what belongs to it below', () => {
    const { written, clock, print } = record(false);
    clock.ms += 12_340;
    print.say('deployed', 'green');
    print.more('one\ntwo\n');
    expect(written).toEqual(['  12.3 s  deployed\n', '          one\n', '          two\n']);
  });

  test('has colours only where they are wanted', () => {
    const { written, print } = record(true);
    print.raw('deployed', 'green');
    print.raw('plain');
    expect(written).toEqual(['\u001b[32mdeployed\u001b[0m\n', 'plain\n']);
  });

  test('ends in a table of the steps, the failed one included', async () => {
    const { clock, print } = record(false);
    const steps = createSteps(print);
    await steps.run('Build', async (conclude) => {
      clock.ms += 1500;
      conclude('built');
    });
    await steps.run('Start', () => Promise.reject(new Error('no'))).catch(() => {});
    expect(steps.failed()).toBe('Start');
    expect(steps.table()).toBe(
      ['step      took   result', 'Build    1.5 s   built', 'Start    0.0 s   FAILED', 'in all   1.5 s'].join(
        '\n',
      ),
    );
  });

  test('lines columns up', () => {
    expect(
      formatRows(
        [
          ['a', '1'],
          ['bcd', '10'],
        ],
        [1],
      ),
    ).toBe('a      1\nbcd   10');
  });

  test('wraps prose between words', () => {
    const lines = wrap('word '.repeat(40).trim()).split('\n');
    expect(lines.map(({ length }) => length)).toEqual([89, 89, 19]);
  });
});

describe('what kubectl prints', () => {
  test('is counted after an apply', () => {
    const printed = [
      'namespace/demo created',
      'customresourcedefinition.apiextensions.k8s.io/pipelines.pipelines.weave.works created',
      'secret/a created',
      'secret/b created',
    ];
    expect(wrap(describeApplied(printed.join('\n')))).toBe(
      'created 4 objects: namespace, customresourcedefinition, 2 secrets',
    );
    expect(describeApplied('pipeline.pipelines.weave.works/hello configured\n')).toBe('configured pipeline');
  });

  test('is read as a row once the status is there', () => {
    expect(parseRow('hello   hello   dev 1.0.0 → prod 1.0.0 (PR #1)   True    2s')).toEqual({
      name: 'hello',
      app: 'hello',
      summary: 'dev 1.0.0 → prod 1.0.0 (PR #1)',
      ready: 'True',
      age: '2s',
    });
    expect(parseRow('hello   hello                      0s')).toBeUndefined();
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { allCases, CANARY } from '../../fixtures/pipelines/cases.ts';
import { FLAGS, type Placed, place } from '../../fixtures/pipelines/placed.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { startTurnpike, type Turnpike } from '../../lab/turnpike.ts';
import { GITOPS_CLUSTERS, pathOf, surroundAll, waitForOthers, writeFiles } from '../examples.ts';
import { waitForDefinition } from '../pipelines.ts';

/**
 * The examples of test/fixtures/pipelines by a real `kubectl apply`: the API server holds them to the
 * CustomResourceDefinition and asks the webhook of `dist/turnpike`.
 */

const MINUTE = 60_000;
const DENIED = 'admission webhook "validate.pipelines.weave.works" denied the request: ';

const cases = (await allCases()).filter(({ elsewhere }) => !elsewhere);
const good = await Promise.all(cases.map((one, index) => place(one, 'good', `good-${index}`)));
const bad = await Promise.all(cases.map((one, index) => place(one, 'bad', `bad-${index}`)));
const goodTable = good.map((one): [string, Placed] => [one.title, one]);
const badTable = bad.map((one): [string, Placed] => [one.title, one]);
const refused = badTable.filter(([, { crd, problems }]) => crd !== undefined || problems.length > 0);
const warned = badTable.filter(([, { warnings }]) => warnings.length > 0);

let lab: Lab;
let turnpike: Turnpike;
/** What kubectl said of each bad example, by its namespace. */
let refusals: ReadonlyMap<string, string>;

beforeAll(async () => {
  lab = await startLab({ definitions: true });
  await lab.apply([GITOPS_CLUSTERS]);
  turnpike = await startTurnpike(lab, { flags: FLAGS });
  await waitForDefinition(lab);
  await surroundAll(lab, [...good, ...bad]);
  await waitForOthers(lab, [...good, ...bad]);
  const directory = await writeFiles(
    lab,
    'refused',
    refused.map(([, one]) => one),
  );
  const { code, stdout, stderr } = await lab.tryKubectl(['apply', '-f', directory]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).not.toContain(CANARY);
  refusals = byFile(stderr);
}, 3 * MINUTE);

afterAll(() => lab?.stop(), MINUTE);

/** kubectl says of each file what became of it; warnings, which name none, come before all. */
function byFile(stderr: string): Map<string, string> {
  const blocks = stderr
    .split(/^Error from server \(\w+\): error when creating ".*\/([-\w]+)\.json": /m)
    .slice(1);
  const pairs = blocks.flatMap((block, index) => {
    return index % 2 === 0 ? [[block, (blocks[index + 1] ?? '').trimEnd()] as const] : [];
  });
  return new Map(pairs);
}

describe('kubectl apply takes the good example of', () => {
  test.each(goodTable)('%s', async (_, { pipeline, warnings }) => {
    const answer = await lab.request('POST', pathOf(pipeline), pipeline);
    expect({ status: answer.status, body: await answer.text() }).toMatchObject({ status: 201 });
    const warned = (answer.headers.get('warning') ?? '').replaceAll('\\"', '"');
    for (const warning of warnings) expect(warned).not.toContain(warning);
  });
});

describe('kubectl apply refuses the bad example of', () => {
  test.each(refused)('%s', (_, { namespace, crd, problems }) => {
    const text = refusals.get(namespace) ?? '';
    if (crd === undefined) expect(text).toBe(DENIED + problems.join('\n'));
    else expect(text).toContain(crd);
  });
});

describe('kubectl apply warns of the bad example of', () => {
  test.each(warned)(
    '%s',
    async (_, { pipeline, warnings }) => {
      const input = JSON.stringify(pipeline);
      const { code, stderr } = await lab.tryKubectl(['apply', '-f', '-'], { input });
      const lines = warnings.map((warning) => `Warning: ${warning}\n`);
      expect({ code, stderr }).toEqual({ code: 0, stderr: lines.join('') });
    },
    MINUTE,
  );
});

test('the log of the program holds no secret', async () => {
  const log = JSON.stringify(await turnpike.log());
  expect(log).toContain('pipeline denied');
  expect(log).not.toContain(CANARY);
});

import { afterEach, describe, expect, test } from 'bun:test';
import type { ForgeDeps } from '../../../src/lib/forges/deps.ts';
import type { Forge } from '../../../src/lib/forges/port.ts';
import { createForge } from '../../../src/lib/forges/registry.ts';
import type { Product } from '../../fakes/azure/products.ts';
import { ANN_ID, BOB_ID, OWN_ID } from '../../fakes/azure/state.ts';
import { AZURE_TOKEN, type FakeAzure, startFakeAzure } from '../../fakes/azure.ts';
import { failureOf } from '../../fakes/failure.ts';
import { forgeDeps } from '../../fakes/forge-deps.ts';
import { startFakeProxy } from '../../fakes/proxy.ts';
import { HEAD_COMMIT } from '../../fakes/pull.ts';
import { INPUT, mergeOptions, NONE, openPull } from '../pulls.ts';

let azure: FakeAzure;

function start(product: Product): void {
  azure = startFakeAzure({ product });
  azure.branches.add(INPUT.head);
}

function forge(deps: ForgeDeps = forgeDeps(), proxy?: string): Forge {
  const url = `${azure.origin}/acme/Platform%20Team/_git/fleet`;
  return createForge('azure-devops', url, { token: AZURE_TOKEN, ...(proxy && { proxy }) }, deps);
}

/** All that Turnpike asks of a forge. */
async function everything(one: Forge): Promise<void> {
  const pull = await openPull(one, { ...INPUT, draft: true });
  await one.find(INPUT.head, 'main');
  await one.get(1);
  await one.update(1, { title: 'Newer', body: 'newer' });
  expect(
    await one.setMetadata(pull, { ...NONE, labels: ['promotion'], reviewers: [ANN_ID, 'bob@example.com'] }),
  ).toEqual([]);
  await one.comment(pull, 'Of others.');
  await one.setStatus(HEAD_COMMIT, { state: 'success', description: 'Ready.', pullRequest: 1 });
  Object.assign(azure.pulls[0] ?? {}, { isDraft: false });
  const type = { id: 'fa4e907d-c16b-4a4c-9dfa-4906e5d171dd', displayName: 'Minimum number of reviewers' };
  azure.options.policies.push({ type, isBlocking: true, status: 'running' });
  expect(await one.merge(pull, HEAD_COMMIT, mergeOptions())).toEqual({ kind: 'scheduled' });
  expect(azure.pulls[0]).toMatchObject({ autoCompleteSetBy: { id: OWN_ID } });
  await one.cancelMerge(pull);
  azure.options.policies.length = 0;
  expect(await one.merge(pull, HEAD_COMMIT, mergeOptions())).toEqual({ kind: 'merged' });
  await openPull(one);
  const second = await one.get(2);
  if (second) await one.close(second, 'Why.');
  expect(azure.pulls.map(({ status }) => status)).toEqual(['completed', 'abandoned']);
  expect(azure.pulls[0]?.reviewers.map(({ id }) => id)).toEqual([ANN_ID, BOB_ID]);
}

function versionsAsked(): string[] {
  return [...new Set(azure.requests.map((one) => /api-version=([\w.-]+)/.exec(one)?.[1] ?? 'none'))].sort();
}

afterEach(() => azure.stop());

describe('the version of the API of Azure DevOps', () => {
  test.each([
    ['services', ['7.0', '7.0-preview.1']],
    ['server-2022.1', ['7.0', '7.0-preview.1']],
    ['server-2022', ['7.0', '7.0-preview.1']],
    ['server-2020', ['6.0', '6.0-preview.1', '7.0']],
  ] as const)('is one that %s has, for all that is asked', async (product, versions) => {
    start(product);
    await everything(forge());
    expect(versionsAsked()).toEqual([...versions]);
  });

  test('is not what a proxy of somebody else says of the server', async () => {
    start('server-2020');
    const { host, port } = new URL(azure.origin);
    const proxy = await startFakeProxy({ routes: { [host]: Number(port) } });
    const deps = forgeDeps();
    const opened = await openPull(forge(deps, `http://${proxy.host}/`));
    expect(proxy.requests.length).toBeGreaterThan(1);
    await proxy.stop();
    azure.requests.length = 0;
    await forge(deps).get(opened.number);
    expect(versionsAsked()).toEqual(['6.0', '7.0']);
  });

  test('is found out once, by one request that is refused', async () => {
    start('server-2020');
    const codes: string[] = [];
    const deps = forgeDeps({ onForgeRequest: ({ operation, code }) => codes.push(`${operation} ${code}`) });
    await Promise.all([forge(deps).get(1), forge(deps).get(2)]);
    expect(codes).toEqual(['get 400', 'get 400', 'get 404', 'get 404']);
    codes.length = 0;
    await forge(deps).create(INPUT);
    await forge(deps).get(1);
    expect(codes).toEqual(['create 201', 'get 200']);
  });

  test('is found out anew when the server was replaced by one that has it no more', async () => {
    start('server-2022');
    const deps = forgeDeps();
    await forge(deps).create(INPUT);
    // As from the server before it.
    deps.azureVersions.refused(azure.origin, '7.0');
    azure.fail({ status: 400, body: { typeKey: 'VssVersionOutOfRangeException' } });
    azure.requests.length = 0;
    expect(await forge(deps).get(1)).toMatchObject({ number: 1 });
    expect(await forge(deps).get(1)).toMatchObject({ number: 1 });
    const asked = azure.requests.map((one) => one.replace(/.*api-version=/, ''));
    expect(asked).toEqual(['6.0', '7.0', '7.0']);
  });

  test('of a server that has none of them is an error that says what is needed', async () => {
    start('server-2019');
    const failure = await failureOf(forge().create(INPUT));
    expect(failure).toMatchObject({ code: 'ForgeRefused', retry: 'never' });
    expect(failure.message).toMatch(
      /has none of the versions 7\.0, 6\.0 of the REST API: Turnpike needs Azure DevOps Server 2020 or a later one\.$/,
    );
    expect(azure.pulls).toHaveLength(0);
  });
});

import { describe, expect, test } from 'bun:test';
import { azureFaults } from '../../fakes/azure/description.ts';
import { type Product, versionRefusal } from '../../fakes/azure/products.ts';

const ROOT = '/acme/Team/_apis/git/repositories/fleet';

function faults(method: string, path: string, body: object, answer: unknown, status = 200): string[] {
  const [pathname = '', search = ''] = path.split('?');
  const query = new URLSearchParams(search);
  const asked = { method, path: pathname, query, body: body as Record<string, unknown> };
  return azureFaults('services', asked, status, answer);
}

async function refusal(product: Product, path: string): Promise<unknown> {
  const [pathname = '', search = ''] = path.split('?');
  const response = versionRefusal(product, pathname, new URLSearchParams(search));
  if (!response) return undefined;
  const { typeKey } = (await response.json()) as { typeKey: string };
  return `${response.status} ${typeKey}`;
}

describe('the stand-in for Azure DevOps', () => {
  test.each([
    ['an unknown operation', 'GET', `${ROOT}/pullrequests/1/votes?api-version=7.0`, {}, {}],
    [
      'an unknown parameter',
      'GET',
      `${ROOT}/pullrequests?branch=x&api-version=7.0`,
      {},
      { value: [], count: 0 },
    ],
    [
      'another version than the operation has',
      'GET',
      '/acme/Team/_apis/policy/evaluations?artifactId=x&api-version=7.0',
      {},
      { value: [], count: 0 },
    ],
    ['an unknown field of a body', 'PATCH', `${ROOT}/pullrequests/1?api-version=7.0`, { body: 'x' }, {}],
    [
      'an unknown field within a body',
      'PATCH',
      `${ROOT}/pullrequests/1?api-version=7.0`,
      { completionOptions: { strategy: 'squash' } },
      {},
    ],
    [
      'a value that is none of those',
      'PATCH',
      `${ROOT}/pullrequests/1?api-version=7.0`,
      { completionOptions: { mergeStrategy: 'merge' } },
      {},
    ],
    [
      'a field of another type in an answer',
      'GET',
      `${ROOT}/pullrequests/1?api-version=7.0`,
      {},
      { pullRequestId: '1' },
    ],
    [
      'a list without what it is wrapped in',
      'GET',
      `${ROOT}/pullrequests?api-version=7.0`,
      {},
      { value: [{}] },
    ],
    [
      'a version without a description',
      'GET',
      `${ROOT}/pullrequests?api-version=6.0`,
      {},
      { value: [], count: 0 },
    ],
  ])('takes %s for a fault', (_, method, path, body, answer) => {
    expect(faults(method, path, body, answer)).toHaveLength(1);
  });

  test('finds no fault in what Microsoft describes', () => {
    const options = { completionOptions: { mergeStrategy: 'rebaseMerge' } };
    expect(faults('PATCH', `${ROOT}/pullrequests/1?api-version=7.0`, options, { pullRequestId: 1 })).toEqual(
      [],
    );
    expect(faults('GET', `${ROOT}/pullrequests?api-version=7.1`, {}, { value: [{}], count: 1 })).toEqual([]);
  });

  test.each([
    ['services', `${ROOT}/pullrequests?api-version=7.1`, undefined],
    ['server-2022.1', `${ROOT}/pullrequests?api-version=7.1`, undefined],
    ['server-2022', `${ROOT}/pullrequests?api-version=7.1`, '400 VssVersionOutOfRangeException'],
    [
      'server-2022',
      '/acme/_apis/connectionData?api-version=7.1-preview',
      '400 VssVersionOutOfRangeException',
    ],
    ['server-2020', `${ROOT}/pullrequests?api-version=7.0`, '400 VssVersionOutOfRangeException'],
    ['server-2020', `${ROOT}/pullrequests/1/labels?api-version=6.0`, '400 VssInvalidPreviewVersionException'],
    ['server-2020', `${ROOT}/pullrequests/1/labels?api-version=6.0-preview.1`, undefined],
    ['services', '/acme/_apis/connectionData?api-version=7.0', '400 VssInvalidPreviewVersionException'],
    ['services', `${ROOT}/pullrequests`, '400 VssVersionNotSpecifiedException'],
  ] as const)('of %s answers the version in %s as the real one does', async (product, path, expected) => {
    expect(await refusal(product, path)).toBe(expected);
  });
});

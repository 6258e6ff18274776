import { describe, expect, test } from 'bun:test';
import { createApiVersions } from '../../../../src/lib/forges/azure/known-versions.ts';

const SERVER = 'https://ado.example.com';

describe('the versions of the API that servers of Azure DevOps have', () => {
  test('are 7.0 until a server refuses it, and then 6.0 there alone', () => {
    const versions = createApiVersions();
    versions.refused(SERVER, '7.0');
    expect(versions.of(SERVER)).toBe('6.0');
    expect(versions.of('https://other.example.com')).toBe('7.0');
  });

  test('stay when a second request was refused at the same time', () => {
    const versions = createApiVersions();
    versions.refused(SERVER, '7.0');
    versions.refused(SERVER, '7.0');
    expect(versions.of(SERVER)).toBe('6.0');
  });

  test('begin anew when a server refuses the last one', () => {
    const versions = createApiVersions();
    versions.refused(SERVER, '7.0');
    versions.refused(SERVER, '6.0');
    expect(versions.of(SERVER)).toBe('7.0');
  });

  test('are remembered of 500 servers, the latest', () => {
    const versions = createApiVersions();
    for (let number = 0; number <= 500; number++) versions.refused(`${SERVER}:${number}`, '7.0');
    expect([0, 1, 500].map((number) => versions.of(`${SERVER}:${number}`))).toEqual(['7.0', '6.0', '6.0']);
  });
});

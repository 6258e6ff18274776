import { describe, expect, test } from 'bun:test';
import { isSame, type SignerSecret } from '../../../src/http/signed/secrets.ts';

const secret = (version?: string): SignerSecret => ({ values: new Map(), ...(version && { version }) });
const unnamed = secret();

describe('a Secret that is read a second time', () => {
  test.each([
    ['is missing still', undefined, undefined, true],
    ['has the same version', secret('1'), secret('1'), true],
    ['comes from the cache', unnamed, unnamed, true],
    ['has another version', secret('1'), secret('2'), false],
    ['was created meanwhile', undefined, secret('1'), false],
    ['was deleted meanwhile', secret('1'), undefined, false],
    ['may have changed, as it has no version', unnamed, secret(), false],
  ])('%s', (_, known, fresh, same) => {
    expect(isSame(known, fresh)).toBe(same);
  });
});

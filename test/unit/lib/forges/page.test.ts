import { describe, expect, test } from 'bun:test';
import { pageOf } from '../../../../src/lib/forges/page.ts';

const FORGE = { name: 'GitHub' };
const OWN = 'https://git.example.com/acme/fleet/pull/7';

describe('the page of a pull request', () => {
  test.each([
    ['is what the forge says', OWN, OWN],
    [
      'may be at another path',
      'https://git.example.com/Acme/Fleet/pull/7',
      'https://git.example.com/Acme/Fleet/pull/7',
    ],
    ['may name the usual port', 'https://git.example.com:443/p/7', 'https://git.example.com/p/7'],
    [
      'has no letters that a header does not take',
      'https://git.example.com/яблоко/pull/7',
      'https://git.example.com/%D1%8F%D0%B1%D0%BB%D0%BE%D0%BA%D0%BE/pull/7',
    ],
  ])('%s', (_, said, url) => {
    expect(pageOf(FORGE, said, OWN)).toEqual({ url });
    expect(() => new Headers({ location: url })).not.toThrow();
  });

  test.each([
    ['another host', 'https://evil.example/acme/fleet/pull/7', 'at evil.example'],
    [
      'another host that looks alike',
      'https://git.example.com.evil.example/',
      'at git.example.com.evil.example',
    ],
    ['another port', 'https://git.example.com:8443/', 'at git.example.com:8443'],
    ['another scheme', 'http://git.example.com/pull/7', 'at git.example.com'],
    ['a script', 'javascript:alert(1)', 'at '],
    ['a user of its own', 'https://git.example.com@evil.example/', 'at evil.example'],
    ['a password', 'https://user:password@git.example.com/', 'at git.example.com'],
    ['no address', 'https://[', 'at no address'],
    ['more than a header has room for', `https://git.example.com/${'я'.repeat(1000)}`, 'at git.example.com'],
  ])("is made of the repository's URL where the forge names %s, and this is said", (_, said, where) => {
    const { url, pageProblem } = pageOf(FORGE, said, OWN);
    expect(url).toBe(OWN);
    expect(pageProblem).toContain(`GitHub has the page of the pull request ${where}`);
    expect(pageProblem).not.toContain('password');
  });
});

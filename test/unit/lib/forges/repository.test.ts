import { describe, expect, test } from 'bun:test';
import { gitHubApi } from '../../../../src/lib/forges/github/octokit.ts';
import { repositoryAddress } from '../../../../src/lib/forges/url/repository.ts';

describe('the address of a repository', () => {
  const GOOD: readonly [string, string][] = [
    ['https://github.com/acme/fleet', 'https://github.com  acme fleet'],
    ['https://github.com/acme/fleet.git', 'https://github.com  acme fleet'],
    ['https://github.com/acme/fleet/', 'https://github.com  acme fleet'],
    ['https://github.com/acme/fleet.git/', 'https://github.com  acme fleet'],
    ['https://GitHub.com/Acme/Fleet.Config', 'https://github.com  Acme Fleet.Config'],
    ['https://ghe.example:8443/a-b/c_d', 'https://ghe.example:8443  a-b c_d'],
    ['http://127.0.0.1:3000/a/b.git', 'http://127.0.0.1:3000  a b'],
    ['https://host/git/acme/fleet', 'https://host /git acme fleet'],
    ['https://host/a/b/acme/fleet.git', 'https://host /a/b acme fleet'],
    ['ssh://git@Git.example.com:2222/acme/fleet.git', 'https://git.example.com  acme fleet'],
    ['ssh://git@ssh.github.com:443/acme/fleet.git', 'https://github.com  acme fleet'],
    ['ssh://git@altssh.gitlab.com:443/acme/a/fleet', 'https://gitlab.com /acme a fleet'],
  ];
  for (const [url, expected] of GOOD) {
    test(`is read from ${url}`, () => {
      const { origin, prefix, owner, name } = repositoryAddress(url, 'prefix-allowed');

      expect([origin, prefix, owner, name].join(' ')).toBe(expected);
    });
  }

  const BAD: readonly [string, RegExp][] = [
    ['', /is not a URL that starts with https/],
    ['github.com/acme/fleet', /is not a URL that starts with https/],
    ['git@github.com:acme/fleet.git', /is not a URL that starts with https/],
    ['ssh://git:hunter2@github.com/acme/fleet', /holds a user name or password/],
    ['https://github.com', /names no repository on github\.com/],
    ['https://github.com/acme', /names no repository/],
    ['https://github.com/acme/', /names no repository/],
    ['https://github.com/acme/.git', /names no repository/],
    ['https://github.com/acme/a%2fb', /names no repository/],
    ['https://github.com/acme//fleet', /names no repository/],
    ['https://github.com/acme/fleet?x=1', /holds a query/],
    ['https://github.com/acme/fleet#x', /holds a query/],
    ['https://user:hunter2@github.com/acme/fleet', /holds a user name or password/],
  ];
  for (const [url, sentence] of BAD) {
    test(`is refused in ${JSON.stringify(url)}`, () => {
      expect(() => repositoryAddress(url, 'prefix-allowed')).toThrow(sentence);
    });
  }

  test('never shows a password', () => {
    expect(() => repositoryAddress('https://user:hunter2@github.com/a/b', 'no-prefix')).not.toThrow(
      /hunter2/,
    );
  });

  test('has nothing but owner and repository where a forge knows no more', () => {
    expect(() => repositoryAddress('https://github.com/acme/fleet/tree', 'no-prefix')).toThrow(
      /more than an owner and a repository/,
    );
  });
});

describe("the address of GitHub's API", () => {
  const APIS: readonly [string, string][] = [
    ['https://github.com/acme/fleet', 'https://api.github.com'],
    ['https://acme.ghe.com/acme/fleet', 'https://api.acme.ghe.com'],
    ['https://ghe.example/acme/fleet', 'https://ghe.example/api/v3'],
    ['https://ghe.example:8443/acme/fleet', 'https://ghe.example:8443/api/v3'],
    ['https://evil-github.com/acme/fleet', 'https://evil-github.com/api/v3'],
  ];
  for (const [url, api] of APIS) {
    test(`is ${api} for ${url}`, () => {
      expect(gitHubApi(repositoryAddress(url, 'no-prefix'))).toBe(api);
    });
  }
});

import { describe, expect, test } from 'bun:test';
import { FORGE_TYPES, type ForgeType } from '../../../../src/lib/forges/types.ts';
import { forgeTypeOf } from '../../../../src/lib/forges/url/forge-type.ts';

type Row = readonly [url: string, type: ForgeType | undefined];

const HOSTS: readonly Row[] = [
  ['https://github.com/a/b', 'github'],
  ['https://GitHub.com./a/b', 'github'],
  ['https://acme.ghe.com/a/b', 'github'],
  ['ssh://git@ssh.github.com:443/a/b', 'github'],
  ['https://gitlab.com/a/b/c', 'gitlab'],
  ['ssh://git@altssh.gitlab.com:443/a/b', 'gitlab'],
  ['https://dev.azure.com/org/project/_git/b', 'azure-devops'],
  ['https://org.visualstudio.com/project/_git/b', 'azure-devops'],
  ['ssh://git@ssh.dev.azure.com/v3/org/project/b', 'azure-devops'],
  ['ssh://org@vs-ssh.visualstudio.com/v3/org/project/b', 'azure-devops'],
  ['https://codeberg.org/a/b', 'gitea'],
  ['https://gitea.com/a/b', 'gitea'],
];

const LABELS: readonly Row[] = [
  ['https://github.example.com/a/b', 'github'],
  ['https://gitlab.example.com/a/b', 'gitlab'],
  ['https://code.gitlab.example.com/a/b', 'gitlab'],
  ['https://GitLab.example.com:8443/a/b', 'gitlab'],
  ['ssh://git@GITLAB.example.com/a/b', 'gitlab'],
  ['https://gitea/a/b', 'gitea'],
  ['https://gitea-http.gitea.svc.cluster.local/a/b', 'gitea'],
  ['https://forgejo.example.com/a/b', 'gitea'],
  ['https://bitbucket.example.com/scm/a/b', 'bitbucket-server'],
  ['ssh://git@bitbucket.example.com:7999/a/b', 'bitbucket-server'],
  ['https://gitea.example.com/scm/a/b', 'gitea'],
  ['https://git.example.com/a/b', undefined],
  ['https://one.two.gitlab.example.com/a/b', undefined],
  ['https://mygitlab.example.com/a/b', undefined],
  ['https://gitlab-1.example.com/a/b', undefined],
  ['https://github.evil/a/b', 'github'],
  ['https://10.0.0.1/gitlab/a/b', undefined],
  ['https://[2001:db8::1]/a/b', undefined],
];

const PATHS: readonly Row[] = [
  ['https://git.example.com/scm/team/fleet.git', 'bitbucket-server'],
  ['https://git.example.com/below/scm/~ada/fleet', 'bitbucket-server'],
  ['https://git.example.com/projects/TEAM/repos/fleet/browse', 'bitbucket-server'],
  ['https://git.example.com/users/ada/repos/fleet', 'bitbucket-server'],
  ['https://tfs.example.com/collection/project/_git/fleet', 'azure-devops'],
  ['https://tfs.example.com/collection/_git/fleet/', 'azure-devops'],
  ['https://git.example.com/scm/fleet', undefined],
  ['https://git.example.com/projects/fleet', undefined],
  ['https://git.example.com/my_git/fleet', undefined],
];

describe('the type of a forge', () => {
  test.each([...HOSTS, ...LABELS, ...PATHS])('at %s is %p', (url, expected) => {
    expect(forgeTypeOf({ url })).toBe(expected);
  });

  test.each(FORGE_TYPES)('is %s wherever that is written', (type) => {
    for (const [url] of [...HOSTS, ...LABELS, ...PATHS]) expect(forgeTypeOf({ type, url })).toBe(type);
  });

  test('is found for the longest path in no time', () => {
    const started = performance.now();
    for (const part of ['/', '/scm/', '/_git/', 'scm/a/', '/projects/a/repos/']) {
      forgeTypeOf({ url: `https://git.example.com/${part.repeat(2048 / part.length)}?` });
    }
    expect(performance.now() - started).toBeLessThan(100);
  });
});

import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { promotionProblems } from '../../../../src/decide/validation/promotions.ts';
import { hasCode } from '../../../../src/lib/errors.ts';
import { createForge } from '../../../../src/lib/forges/registry.ts';
import { FORGE_TYPES, type ForgeType } from '../../../../src/lib/forges/types.ts';
import { forgeUrlProblem } from '../../../../src/lib/forges/url/fit.ts';
import { forgeDeps } from '../../../fakes/forge-deps.ts';

const deps = forgeDeps();

/** What the promoter does before it asks anybody. */
function promoterTakes(type: ForgeType, url: string): boolean {
  try {
    createForge(type, url, { token: 'secret-token' }, deps);
    return true;
  } catch (error) {
    if (hasCode(error, 'SpecInvalid')) return false;
    throw error;
  }
}

/** The rules on how a repository is written and on which forge it is; which hosts may be reached is another matter. */
const RULES: readonly string[] = ['repository-url', 'forge-type', 'forge-fits-url'];

function admissionAllows(type: ForgeType, url: string): boolean {
  const strategy = { 'pull-request': { type, url, baseBranch: 'main', secretRef: { name: 'forge' } } };
  const spec = { appRef: { kind: 'HelmRelease', name: 'app' }, environments: [], promotion: { strategy } };
  const policy = { allowed: [], insecure: ['*.com', '*.org'] };
  const problems = promotionProblems(spec as never, policy, { namespace: 'team', name: 'app' } as never);
  return !problems.some(({ rule }) => RULES.includes(rule));
}

const SEGMENTS = [
  'acme',
  'a',
  'fleet.git',
  '.git',
  '..',
  '.',
  '~ada',
  '~~ada',
  'a~b',
  'a%20b',
  'a%2fb',
  'a%5Cb',
];
const MORE = [
  '%',
  '%2e%2e',
  '%01',
  '',
  'é',
  'a b',
  'a_b',
  'A.B-c',
  'x'.repeat(255),
  'x'.repeat(256),
  '@',
  ':',
  'a\\b',
];
const MARKS = [
  'scm',
  'projects',
  'users',
  'repos',
  'browse',
  'browse.git',
  '_git',
  'v3',
  'tfs',
  'DefaultCollection',
];
const HOSTS = [
  ...['github.com', 'ssh.github.com', 'acme.ghe.com', 'gitlab.com', 'codeberg.org', 'bitbucket.org'],
  ...['dev.azure.com', 'ssh.dev.azure.com', 'acme.visualstudio.com', 'git.example.com', 'example.com'],
  ...['git.example.com:8443', 'git.example.com:7999', 'git.example.com.', 'user@git.example.com', ''],
];
/** Each forge's own ways, so that many of the URLs are right. */
const WAYS = [
  '/acme/fleet',
  '/acme/group/fleet.git',
  '/scm/acme/fleet.git',
  '/scm/~ada/fleet',
  '/projects/ACME/repos/fleet/browse',
  '/users/ada/repos/fleet',
  '/acme/platform/_git/fleet',
  '/_git/fleet',
  '/DefaultCollection/_git/fleet',
  '/v3/acme/platform/fleet',
];

const scheme = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('https://', 'ssh://git@') },
  fc.constantFrom('http://', 'ssh://', 'HTTPS://', 'git://', ''),
);
const segment = fc.oneof(fc.constantFrom(...SEGMENTS), fc.constantFrom(...MORE), fc.constantFrom(...MARKS));
const made = fc.array(segment, { maxLength: 6 }).map((parts) => parts.map((part) => `/${part}`).join(''));
/** A known way, with one segment put between its others. */
const near = fc.tuple(fc.constantFrom(...WAYS), segment, fc.nat(5)).map(([way, extra, at]) => {
  return way
    .split('/')
    .toSpliced(at + 1, 0, extra)
    .join('/');
});
const path = fc.oneof(fc.constantFrom(...WAYS), near, made);
const end = fc.constantFrom(
  ...Array(10).fill(''),
  '/',
  '//',
  '.git',
  '.git/',
  '?',
  '?x=1',
  '#',
  '#x',
  ' ',
  '\n',
);
const url = fc.tuple(scheme, fc.constantFrom(...HOSTS), path, end).map((parts) => parts.join(''));

describe('admission and promoter', () => {
  test.each(FORGE_TYPES)('take the same URLs for repositories of %s', (type) => {
    const seen = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(url, (one) => {
        const taken = promoterTakes(type, one);
        expect([one, admissionAllows(type, one)]).toEqual([one, taken]);
        seen[taken ? 'taken' : 'refused'] += 1;
      }),
      { numRuns: 4000, seed: 18 },
    );
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(50);
  });

  test.each([
    ['github', 'https://git.example.com/~ada/fleet'],
    ['bitbucket-server', 'https://git.example.com/users/~ada/repos/fleet'],
    ['azure-devops', 'https://dev.azure.com/_git/fleet'],
    ['azure-devops', 'https://dev.azure.com/acme/a%2Fb/_git/fleet'],
    ['github', 'ssh://git@a%b.example.com/acme/fleet'],
    ['gitea', `https://git.example.com/acme/${'x'.repeat(256)}`],
  ] as const)('refuse of %s what names no repository: %s', (type, one) => {
    expect(forgeUrlProblem(type, one)).toStartWith('This is not the URL of a repository on a forge of type');
    expect(promoterTakes(type, one)).toBe(false);
  });

  test.each([
    ['gitlab', 'https://github.com/acme/fleet', 'github.com is a forge of type github'],
    ['bitbucket-server', 'https://bitbucket.org/scm/acme/fleet', 'bitbucket.org is Bitbucket Cloud'],
    ['bitbucket-server', 'ssh://git@git.example.com:7999/scm/acme/fleet.git', 'write it as ssh://git@<host>'],
    [
      'azure-devops',
      'ssh://git@ssh.dev.azure.com/acme/_git/fleet',
      'write it as ssh://git@ssh.dev.azure.com',
    ],
  ] as const)('refuse of %s what another forge has: %s', (type, one, words) => {
    expect(forgeUrlProblem(type, one)).toContain(words);
    expect(promoterTakes(type, one)).toBe(false);
  });
});

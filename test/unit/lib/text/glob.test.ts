import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { globEnter, globMatches, globProblem, globStart, parseGlob } from '../../../../src/lib/text/glob.ts';

function glob(text: string) {
  const parsed = parseGlob(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

/** Goes down as a walk through a repository does. */
function matches(pattern: string, path: string): boolean {
  const parsed = glob(pattern);
  const directories = path.split('/');
  const file = directories.pop() ?? '';
  const state = directories.reduce((at, name) => globEnter(parsed, at, name), globStart(parsed));
  return globMatches(parsed, state, file);
}

const TABLE: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['a.yaml', ['a.yaml'], ['b.yaml', 'x/a.yaml', 'a.yaml/a.yaml', 'A.yaml', 'xa.yaml', 'a.yamlx']],
  [
    'apps/prod/app.yaml',
    ['apps/prod/app.yaml'],
    ['apps/app.yaml', 'x/apps/prod/app.yaml', 'apps/prod/app.yml'],
  ],
  [
    'apps/*/app.yaml',
    ['apps/a/app.yaml', 'apps/b/app.yaml'],
    ['apps/app.yaml', 'apps/a/b/app.yaml', 'apps/.a/app.yaml'],
  ],
  ['*.yaml', ['a.yaml', 'a.b.yaml'], ['.yaml', '.a.yaml', 'a.yml', 'x/a.yaml']],
  ['.*.yaml', ['.a.yaml', '..yaml'], ['a.yaml', '.yaml']],
  ['.github/*.yml', ['.github/a.yml'], ['github/a.yml']],
  ['app?.yaml', ['app1.yaml', 'appé.yaml', 'app📦.yaml'], ['app.yaml', 'app12.yaml']],
  ['?.yaml', ['a.yaml'], ['..yaml', '.yaml']],
  ['a*b*c.yaml', ['abc.yaml', 'aXbYc.yaml', 'abbcbc.yaml'], ['acb.yaml', 'ab.yaml']],
  ['**/a.yaml', ['a.yaml', 'x/a.yaml', 'x/y/z/a.yaml'], ['x/.y/a.yaml', 'b.yaml', 'a.yaml/b.yaml']],
  ['apps/**', ['apps/a.yaml', 'apps/x/y/a.yml'], ['a.yaml', 'apps/.x.yaml', 'apps/.x/a.yaml']],
  ['**', ['a.yaml', 'x/y/a.yaml'], ['.a.yaml', '.x/a.yaml']],
  [
    'a/**/b/**/c.yaml',
    ['a/b/c.yaml', 'a/x/b/y/z/c.yaml', 'a/b/b/c.yaml'],
    ['a/c.yaml', 'b/c.yaml', 'a/b/c/d.yaml'],
  ],
  ['**/**/a.yaml', ['a.yaml', 'x/a.yaml'], ['x/b.yaml']],
  [
    '{dev,prod}/app.{yaml,yml}',
    ['dev/app.yaml', 'prod/app.yml'],
    ['qa/app.yaml', 'dev,prod/app.yaml', 'devprod/app.yaml'],
  ],
  ['a{,-b}.yaml', ['a.yaml', 'a-b.yaml'], ['a-.yaml', 'ab.yaml']],
  ['{a*,?c}d.yaml', ['aXXd.yaml', 'bcd.yaml', 'ad.yaml'], ['bXd.yaml', 'd.yaml']],
  ['{.x,y}/{.a,b}.yaml', ['.x/.a.yaml', 'y/b.yaml', '.x/b.yaml'], ['x/a.yaml']],
  ['a,b.yaml', ['a,b.yaml'], ['a.yaml']],
  ['apps/*', ['apps/a.yaml'], ['apps/x/a.yaml']],
  ['a+(b)|c^$.yaml', ['a+(b)|c^$.yaml'], ['ab.yaml']],
  ['größe/*.yaml', ['größe/a.yaml'], ['grosse/a.yaml']],
];

const REFUSED: readonly (readonly [string, string])[] = [
  ['', 'is empty'],
  ['/apps/a.yaml', 'starts with "/"'],
  ['apps//a.yaml', 'empty name'],
  ['apps/', 'empty name'],
  ['../a.yaml', '"." or ".."'],
  ['apps/../a.yaml', '"." or ".."'],
  ['./a.yaml', '"." or ".."'],
  ['apps/..', '"." or ".."'],
  ['.git/a.yaml', 'leads into .git'],
  ['apps/.GIT/a.yaml', 'leads into .git'],
  ['a\\b.yaml', 'backslash'],
  ['a\u0000.yaml', 'control characters'],
  ['a\n.yaml', 'control characters'],
  ['a**/b.yaml', '"**" in a name'],
  ['a/**.yaml', '"**" in a name'],
  ['***/a.yaml', '"**" in a name'],
  ['[ab].yaml', 'holds "[" or "]"'],
  ['{a,b.yaml', 'braces'],
  ['a}.yaml', 'braces'],
  ['{a,{b,c}}.yaml', 'braces'],
  ['{a/b,c}.yaml', 'braces'],
  ['a/'.repeat(32).concat('b.yaml'), 'more than 32 names'],
  ['*a'.repeat(21).concat('.yaml'), 'more than 20 wildcards'],
  ['a'.repeat(508).concat('.yaml'), 'at most 512 characters'],
  ['apps/app', 'names no YAML file'],
  ['apps/*.json', 'names no YAML file'],
  ['apps/a.YAML', 'names no YAML file'],
];

describe('a path', () => {
  test.each([...TABLE])('%s matches what it should', (pattern, yes, no) => {
    expect(globProblem(pattern)).toBeUndefined();
    expect(yes.filter((path) => !matches(pattern, path))).toEqual([]);
    expect(no.filter((path) => matches(pattern, path))).toEqual([]);
  });

  test.each([...REFUSED])('%p is refused: %s', (pattern, words) => {
    expect(globProblem(pattern)).toContain(words);
    expect(globProblem(pattern)).toMatch(/^(A path|The path) .+\.$/s);
  });

  test('is left as soon as nothing below a directory can match', () => {
    const apps = glob('apps/*/prod/app.yaml');
    const enter = (...names: string[]) =>
      names.reduce((state, name) => globEnter(apps, state, name), globStart(apps)).length;
    expect(enter('apps')).toBe(1);
    expect(enter('docs')).toBe(0);
    expect(enter('apps', 'a', 'prod')).toBe(1);
    expect(enter('apps', 'a', 'dev')).toBe(0);
    expect(enter('apps', 'a', 'prod', 'app.yaml')).toBe(0);
  });

  test('agrees with a plain reading of it on every small tree', () => {
    const name = fc.stringMatching(/^[ab.]{1,4}$/);
    const piece = fc.constantFrom('a', 'b', '.', '?', '*', '{a,b}', '{,a*}', 'ab');
    const segment = fc.array(piece, { minLength: 1, maxLength: 4 }).map((list) => list.join(''));
    const pattern = fc
      .array(fc.oneof(segment, fc.constant('**')), { minLength: 1, maxLength: 4 })
      .map((list) => list.join('/'))
      .filter((text) => globProblem(text) === undefined);
    fc.assert(
      fc.property(pattern, fc.array(name, { minLength: 1, maxLength: 4 }), (text, path) => {
        expect(matches(text, path.join('/'))).toBe(plainly(text.split('/'), path));
      }),
      { numRuns: 2000 },
    );
  });

  test('takes no more time when it is hostile', () => {
    const many = `${'*a'.repeat(20)}.yaml`;
    const stars = Array.from({ length: 31 }, () => '**').join('/');
    const patterns = [many, `${stars}/${many}`, `${'{a,a,aa,*}'.repeat(10)}.yaml`, `${'?*'.repeat(10)}.yaml`];
    const name = 'a'.repeat(255);
    for (const pattern of patterns) {
      const parsed = glob(pattern);
      const before = process.cpuUsage();
      let state = globStart(parsed);
      for (let depth = 0; depth < 100; depth += 1) {
        globMatches(parsed, state, name);
        state = globEnter(parsed, state, name);
      }
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(3_000);
    }
  });
});

/** The same by trying everything. */
function plainly(segments: readonly string[], path: readonly string[]): boolean {
  const [segment, ...rest] = segments;
  const [name, ...below] = path;
  if (segment === undefined || name === undefined) return segment === undefined && name === undefined;
  if (segment !== '**') return nameMatches(segment, name) && plainly(rest, below);
  if (rest.length === 0) return path.every((one) => !one.startsWith('.'));
  return plainly(rest, path) || (!name.startsWith('.') && below.length > 0 && plainly(segments, below));
}

function nameMatches(segment: string, name: string): boolean {
  const choice = /^(.*?)\{([^}]*)\}(.*)$/.exec(segment);
  if (choice) {
    const [, head = '', list = '', tail = ''] = choice;
    return list.split(',').some((one) => nameMatches(head + one + tail, name));
  }
  const source = segment.replaceAll('.', '\\.').replaceAll('?', '[^]').replaceAll('*', '[^]*');
  return new RegExp(`^${source}$`).test(name) && (!name.startsWith('.') || startsWithDot(segment));
}

/** A star that stands for nothing in front of a dot does not show it either. */
function startsWithDot(segment: string): boolean {
  return segment.startsWith('.');
}

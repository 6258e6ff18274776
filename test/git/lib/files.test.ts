import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { FileEdit } from '../../../src/api/change.ts';
import { gitObject } from '../../../src/lib/git/objects.ts';
import { failureOf } from '../../fakes/failure.ts';
import { CASES, REVISION, withChanges } from '../../fixtures/corpus/cases.ts';
import type { Files } from '../stage/repository.ts';
import { gitStage } from '../stage/stage.ts';
import { BRANCH, branchUpdate, marked, testBranches } from '../stage/support.ts';

const CORPUS = join(import.meta.dir, '../../fixtures/corpus');
const DIGEST = `sha256:${'3'.repeat(64)}`;
const IMAGES = `images:\n  - name: app\n    newTag: 1.0.0 # a tag\n    digest: sha256:x\n  - name: other\n    newTag: 1.0.0\n`;
const FILES: Files = {
  'apps/prod/kustomization.yaml': IMAGES,
  'apps/dev/kustomization.yaml': IMAGES,
  'apps/prod/release.yml':
    'spec: {chart: {spec: {version: 1.0.0}}}\n---\nspec: {chart: {spec: {version: 0.9.0}}}\n',
  'both.yaml': `${marked('1.0.0')}spec:\n  version: 1.0.0\n`,
};
const TAG: FileEdit = { path: 'apps/prod/*.yaml', field: 'images[name=app].newTag', value: 'tag' };
const VERSION: FileEdit = { path: 'apps/prod/**', field: 'spec.chart.spec.version' };

const stage = gitStage(FILES);

function promote(files: readonly FileEdit[], change = {}) {
  return stage.branches.updateBranch(
    branchUpdate(stage.url, { markerKey: 'apps:podinfo:qa', files, ...change }),
  );
}

async function changedFiles(): Promise<string[]> {
  const listed = await stage.repository.git('diff', '--numstat', 'main', BRANCH);
  return listed.split('\n').filter(Boolean);
}

describe('a field that files names', () => {
  test('is set in every document of every matching file, and nothing else is', async () => {
    const result = await promote([TAG, VERSION]);
    expect(result).toMatchObject({
      kind: 'pushed',
      problems: [],
      changes: [
        { file: 'apps/prod/kustomization.yaml', line: 3, from: '1.0.0', to: '2.0.0' },
        { file: 'apps/prod/release.yml', line: 1, from: '1.0.0', to: '2.0.0' },
        { file: 'apps/prod/release.yml', line: 3, from: '0.9.0', to: '2.0.0' },
      ],
    });
    expect(await changedFiles()).toEqual([
      '1\t1\tapps/prod/kustomization.yaml',
      '2\t2\tapps/prod/release.yml',
    ]);
    expect(await stage.repository.read(BRANCH, 'apps/prod/kustomization.yaml')).toBe(
      IMAGES.replace('1.0.0 # a tag', '2.0.0 # a tag'),
    );
    await stage.repository.git('fsck', '--strict', '--full');
  });

  test('becomes the tag or the digest of the revision', async () => {
    const digest = { ...TAG, field: 'images[name=app].digest', value: 'digest' } as const;
    await promote([TAG, digest], { revision: `2.0.0@${DIGEST}` });
    expect(await stage.repository.read(BRANCH, 'apps/prod/kustomization.yaml')).toBe(
      IMAGES.replace('1.0.0 # a tag', '2.0.0 # a tag').replace('sha256:x', DIGEST),
    );
  });

  test('is not set to a digest that the revision has not, and the others are', async () => {
    const result = await promote([TAG, { ...TAG, field: 'images[name=app].digest', value: 'digest' }]);
    expect(result).toMatchObject({
      kind: 'pushed',
      changes: [{ to: '2.0.0' }],
      problems: [
        'apps/prod/*.yaml: the field images[name=app].digest is not set: the revision "2.0.0" has no digest.',
      ],
    });
  });

  test('changes the bytes of the value alone, in files as people write them', async () => {
    const texts = await Promise.all(CASES.map(({ file }) => Bun.file(join(CORPUS, file)).bytes()));
    const decode = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    const entries = CASES.map(
      ({ file }, at) => [`corpus/${file}`, decode(texts[at] ?? Buffer.alloc(0))] as const,
    );
    await stage.repository.commit(Object.fromEntries(entries));
    const files = CASES.flatMap(({ file, fields }) =>
      fields.map((field) => ({ path: `corpus/${file}`, ...field })),
    );
    const result = await promote(files, { markerKey: 'apps:podinfo:prod', revision: REVISION });
    const problems = CASES.flatMap((one) => one.problems ?? []).map((one) => expect.stringContaining(one));
    expect(result).toMatchObject({ kind: 'pushed', problems });
    const names = await stage.repository.git('diff', '--name-only', 'main', BRANCH, '--', 'corpus');
    expect(names.trim().split('\n')).toEqual(entries.map(([path]) => path).sort());
    for (const [at, [path, text]] of entries.entries()) {
      const { oid } = gitObject('blob', Buffer.from(withChanges(text, CASES[at]?.changes ?? [])));
      expect([path, (await stage.repository.git('rev-parse', `${BRANCH}:${path}`)).trim()]).toEqual([
        path,
        oid,
      ]);
    }
  });

  test('is set together with the markers of the same file', async () => {
    const files = [{ path: 'both.yaml', field: 'spec.version' }];
    const result = await promote(files, { markerKey: 'apps:podinfo:prod' });
    expect(result).toMatchObject({ kind: 'pushed', problems: [], changes: [{ line: 1 }, { line: 3 }] });
    expect(await changedFiles()).toEqual(['2\t2\tboth.yaml']);
    expect(await promote(files, { markerKey: 'apps:podinfo:prod' })).toMatchObject({ kind: 'unchanged' });
  });

  test('that has the revision already, as every marker has, needs no branch', async () => {
    const revision = '1.0.0';
    const files = [TAG, { path: 'both.yaml', field: 'spec.version' }];
    const markerKey = 'apps:podinfo:prod';
    expect(await promote(files, { revision, markerKey })).toEqual({ kind: 'in-base', problems: [] });
    const behind = await promote([...files, VERSION], { revision, markerKey });
    expect(behind).toMatchObject({ kind: 'pushed', changes: [{ file: 'apps/prod/release.yml', line: 3 }] });
  });

  test('is left alone in links, submodules and pointers of Git LFS', async () => {
    const content = 'spec: {version: 1.0.0}\n';
    const pointer = `version https://git-lfs.github.com/spec/v1\noid ${DIGEST}\nsize 12345\n`;
    await stage.repository.commit({
      'odd/ü 1.yaml': content,
      'odd/run.yaml': { mode: '100755', content },
      'odd/link.yaml': { mode: '120000', content },
      'odd/directory': { mode: '120000', content: '../apps' },
      'odd/module.yaml': { mode: '160000', content: '1234567890123456789012345678901234567890' },
      'odd/large.yaml': pointer,
      'odd/note.txt': content,
    });
    const result = await promote([{ path: 'odd/**', field: 'spec.version' }]);
    expect(result).toMatchObject({
      kind: 'pushed',
      changes: [{ file: 'odd/run.yaml' }, { file: 'odd/ü 1.yaml' }],
      problems: [
        'odd/large.yaml: The file is a Git LFS pointer and its content is elsewhere; it is left as it is.',
      ],
    });
    expect(
      (await stage.repository.git('ls-tree', '-r', BRANCH, '--', 'odd/run.yaml')).startsWith('100755'),
    ).toBe(true);
  });

  test('is set in a file that SOPS has encrypted in part, and the encrypted values are not', async () => {
    const secret = `spec:\n  version: 1.0.0\n  password: ENC[AES256_GCM,data:a,type:str]\nsops:\n  mac: ENC[AES256_GCM,data:b,type:str]\n`;
    await stage.repository.commit({ 'sops/release.yaml': secret });
    const path = 'sops/*';
    const result = await promote([
      { path, field: 'spec.version' },
      { path, field: 'spec.password' },
      { path, field: 'sops.mac' },
    ]);
    expect(result).toMatchObject({ kind: 'pushed', changes: [{ file: 'sops/release.yaml', line: 2 }] });
    expect(result.problems).toEqual([
      expect.stringMatching(/^sops\/release\.yaml: Line 3: the field spec\.password is not set: .* by SOPS/),
      expect.stringMatching(/^sops\/release\.yaml: Line 5: the field sops\.mac is not set: .* by SOPS/),
      expect.stringMatching(/^sops\/release\.yaml: Line 2: the value is set, but the SOPS checksum \(mac\)/),
    ]);
    expect(await stage.repository.read(BRANCH, 'sops/release.yaml')).toBe(secret.replace('1.0.0', '2.0.0'));
  });

  test('is set where it can be, and the rest is reported', async () => {
    await stage.repository.commit({
      'x/alias.yaml': 'a: &v 1\nb: *v\n',
      'x/template.yaml': '{{ if .x }}\nb: 1\n{{ end }}\n',
      'x/good.yaml': 'b: 1\n',
      'x/other.yaml': 'c: 1\n',
    });
    const result = await promote([
      { path: 'x/*', field: 'b' },
      { path: 'x/*', field: 'spec.tag' },
      { path: 'nowhere/*', field: 'b' },
    ]);
    expect(result).toMatchObject({ kind: 'pushed', changes: [{ file: 'x/good.yaml' }] });
    expect(result.problems).toEqual([
      'Of 4 files that match x/*, none has the field spec.tag.',
      'No .yaml or .yml file matches nowhere/*.',
      expect.stringMatching(/^x\/alias\.yaml: Line 2: the field b is not set: there is an alias/),
      expect.stringMatching(
        /^x\/template\.yaml: Line 2: the field b is not set: its document is not valid YAML/,
      ),
    ]);
  });
});

describe('a field that files names since the branch was pushed', () => {
  const RELEASE = 'apps/prod/release.yml';
  const message = 'Promote\n\nTurnpike-Pipeline: apps/podinfo/qa\n';
  const pushedBranch = async () => {
    const result = await promote([TAG], { message });
    if (result.kind !== 'pushed') throw new Error('it was not pushed');
    return { message, pushed: { commit: result.commit, revision: '2.0.0' } };
  };
  const expectBoth = async () => {
    expect(await stage.repository.read(BRANCH, 'apps/prod/kustomization.yaml')).toContain('newTag: 2.0.0');
    expect(await stage.repository.read(BRANCH, RELEASE)).toBe(
      String(FILES[RELEASE]).replace('1.0.0', '2.0.0').replace('0.9.0', '2.0.0'),
    );
  };

  test('is set there too, at the same revision', async () => {
    const result = await promote([TAG, VERSION], await pushedBranch());
    expect(result).toMatchObject({ kind: 'pushed', changes: [{}, { file: RELEASE }, { file: RELEASE }] });
    await expectBoth();
    expect((await stage.repository.git('rev-list', '--count', `main..${BRANCH}`)).trim()).toBe('1');
  });

  test('is set there too by a process that did not push it', async () => {
    const change = await pushedBranch();
    const another = await testBranches();
    const markerKey = 'apps:podinfo:qa';
    const update = branchUpdate(stage.url, { ...change, markerKey, files: [TAG, VERSION] });
    expect(await another.updateBranch(update)).toMatchObject({ kind: 'pushed' });
    await another.close();
    await expectBoth();
  });

  test('is set on top of what others have put there, though that was looked at before', async () => {
    const change = await pushedBranch();
    const theirs = await stage.repository.commit({ 'README.md': 'A fix.\n' }, { branch: BRANCH });
    expect(await promote([TAG], change)).toMatchObject({ kind: 'unchanged', others: true });
    expect(await promote([TAG, VERSION], change)).toMatchObject({ kind: 'pushed', others: true });
    await expectBoth();
    expect((await stage.repository.git('rev-parse', `${BRANCH}^`)).trim()).toBe(theirs);
  });
});

describe('a promotion that finds nothing', () => {
  test('is not made, and the error says which files and fields were not there', async () => {
    const error = await failureOf(
      promote([
        { ...TAG, path: 'nowhere/**' },
        { ...VERSION, field: 'spec.tag' },
      ]),
    );
    expect(error).toMatchObject({ code: 'MarkerNotFound', retry: 'never' });
    expect(error.message).toBe(
      `No value in ${stage.url} (branch main) carries the marker # {"$promotion":"apps:podinfo:qa"}, and files selects none. No .yaml or .yml file matches nowhere/**. Of 2 files that match apps/prod/**, none has the field spec.tag.`,
    );
    expect(await stage.repository.tip(BRANCH)).toBeUndefined();
  });

  test('says what is in the way instead, where something is', async () => {
    const error = await failureOf(promote([{ ...TAG, field: 'images' }]));
    expect(error.message).toContain(
      'apps/prod/kustomization.yaml: Line 2: the field images is not set: a list',
    );
    expect(error.message).not.toContain('none has the field');
  });

  test('is made all the same when there is a marker', async () => {
    const result = await promote([{ ...TAG, path: 'nowhere/*' }], { markerKey: 'apps:podinfo:prod' });
    expect(result).toMatchObject({ kind: 'pushed', problems: ['No .yaml or .yml file matches nowhere/*.'] });
  });
});

describe('a marker that YAML does not see', () => {
  const KEY = 'apps:podinfo:stage';
  const MARK = `# {"$promotion":"${KEY}"}`;
  const BLOCK = `data:\n  values.yaml: |\n    tag: 1.0.0 ${MARK}\n`;

  test('is named with its file and line when there is nothing else', async () => {
    await stage.repository.commit({ 'seen/values.yaml': BLOCK });
    const error = await failureOf(promote([], { markerKey: KEY }));
    expect(error).toMatchObject({ code: 'MarkerNotFound', retry: 'never' });
    expect(error.message).toContain('Not usable: seen/values.yaml: Line 3: the marker is not used: it is in');
  });

  test('is named in the pull request beside what is set in other files', async () => {
    await stage.repository.commit({ 'seen/values.yaml': BLOCK, 'seen/a.yaml': `a: 1.0.0 ${MARK}\n` });
    const result = await promote([], { markerKey: KEY });
    expect(result).toMatchObject({ kind: 'pushed', changes: [{ file: 'seen/a.yaml' }] });
    expect(result.problems).toEqual([expect.stringMatching(/^seen\/values\.yaml: Line 3: .* block of text/)]);
  });
});

describe('files that cannot be read', () => {
  test.each<[string, FileEdit, string]>([
    [
      'a path that leads out',
      { ...TAG, path: '../other/*.yaml' },
      'files[1].path: The path "../other/*.yaml" holds',
    ],
    [
      'a path into .git',
      { ...TAG, path: '.git/a.yaml' },
      'files[1].path: The path ".git/a.yaml" leads into .git',
    ],
    ['a path with a NUL', { ...TAG, path: 'a\0.yaml' }, 'files[1].path: A path holds no control characters'],
    ['a field that is none', { ...TAG, field: 'a..b' }, 'files[1].field: "a..b" is not a field path'],
  ])('because of %s are refused before anything is asked for', async (_, edit, words) => {
    const error = await failureOf(promote([TAG, edit]));
    expect(error).toMatchObject({ code: 'SpecInvalid', retry: 'never' });
    expect(error.message).toContain(words);
    expect(stage.server.requests).toEqual([]);
  });
});

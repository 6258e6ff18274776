import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileEdit } from '../../../src/api/change.ts';
import { type GitObject, gitObject } from '../../../src/lib/git/objects.ts';
import { openPacks, type Packs } from '../../../src/lib/git/pack/packs.ts';
import { type MarkedTree, markedTree } from '../../../src/promote/branch/edit/marked.ts';
import { editTree, type TreeEdit } from '../../../src/promote/branch/edit/tree.ts';
import { failureOf } from '../../fakes/failure.ts';
import { createTestRepository, type TestRepository } from '../stage/repository.ts';
import { KEY, marked } from '../stage/support.ts';

const APPS = ['api', 'web', 'worker'];
const ENVIRONMENTS = ['dev', 'prod', 'prod-eu'];
const FIELD: FileEdit = { path: 'apps/web/*.yaml', field: 'spec.version' };
const WEB = ['apps/web/dev.yaml', 'apps/web/prod-eu.yaml', 'apps/web/prod.yaml'];

/** By path: a marked release and an unmarked one for each application and environment, and other files. */
const FILES: Readonly<Record<string, string>> = {
  'README.md': 'version: 1.0.0\n',
  ...Object.fromEntries(
    APPS.flatMap((app) =>
      ENVIRONMENTS.flatMap((environment) => [
        [`marked/${app}/${environment}.yaml`, marked('1.0.0', `apps:${app}:${environment}`)],
        [`apps/${app}/${environment}.yaml`, `spec: {version: 1.0.0} # ${app} ${environment}\n`],
        [`apps/${app}/deep/${environment}.yml`, `kind: ConfigMap # ${app} ${environment}\n`],
      ]),
    ),
  ),
};

let directory: string;
let repository: TestRepository;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-edit-tree-'));
  repository = await createTestRepository(directory, 'apps.git', FILES);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** The repository's packs, and which files and directories are read from them, by path. */
async function watchedPacks(): Promise<Packs & { taken: () => string[] }> {
  await repository.git('repack', '-adq');
  const listed = await repository.git('ls-tree', '-rtz', '--format=%(objectname) %(path)', 'main');
  const paths = new Map(listed.split('\0').map((line) => [line.slice(0, 40), line.slice(41)]));
  const packs = openPacks(repository.path);
  packs.refresh();
  let reads: string[] = [];
  const noted = (oid: string) => {
    reads.push(paths.get(oid) ?? '/');
    return oid;
  };
  return {
    ...packs,
    read: (oid) => packs.read(noted(oid)),
    readIfSmall: (oid) => packs.readIfSmall(noted(oid)),
    taken() {
      const taken = reads.toSorted();
      reads = [];
      return taken;
    },
  };
}

async function rootTree(): Promise<string> {
  return (await repository.git('rev-parse', 'main^{tree}')).trim();
}

async function indexed(packs: Packs, known?: MarkedTree): Promise<MarkedTree> {
  return markedTree(await rootTree(), known, { packs, name: 'test' });
}

describe('the files that are read', () => {
  test('for markers are those of the environment alone, not those of one whose name is longer', async () => {
    const packs = await watchedPacks();
    const tree = await indexed(packs);
    expect(packs.taken()).toContain('apps/web/prod.yaml');
    const edit: TreeEdit = { key: 'apps:web:prod', revision: '1.0.0', packs };
    expect(await editTree(tree, edit)).toMatchObject({ marked: 1, changes: [] });
    expect(packs.taken()).toEqual(['marked/web/prod.yaml']);
    await editTree(tree, { ...edit, revision: '2.0.0' });
    expect(packs.taken()).toEqual(['/', 'marked', 'marked/web', 'marked/web/prod.yaml']);
    packs.rest();
  });

  test('for a field are those that its path matches', async () => {
    const packs = await watchedPacks();
    const tree = await indexed(packs);
    packs.taken();
    const edit: TreeEdit = { key: KEY, revision: '1.0.0', files: [FIELD], packs };
    const edited = await editTree(tree, edit);
    expect(edited).toMatchObject({ marked: 3, changes: [], problems: [] });
    expect(packs.taken()).toEqual(WEB);
    packs.rest();
  });

  test('are read once, however many fields and markers there are in them', async () => {
    const packs = await watchedPacks();
    const tree = await indexed(packs);
    packs.taken();
    const files = [
      { path: 'marked/web/prod.yaml', field: 'version' },
      { path: 'marked/**', field: 'version' },
      { path: '**/prod.yaml', field: 'spec.version' },
    ];
    const edited = await editTree(tree, { key: 'apps:web:prod', revision: '1.0.0', files, packs });
    expect(edited).toMatchObject({ marked: 12, changes: [], problems: [] });
    const taken = packs.taken();
    expect(new Set(taken).size).toBe(taken.length);
    packs.rest();
  });

  test('of directories that have not changed are not read again', async () => {
    const first = await watchedPacks();
    const tree = await indexed(first);
    first.rest();
    await repository.commit({ 'apps/api/dev.yaml': 'spec: {version: 1.5.0}\n' });
    const packs = await watchedPacks();
    const next = await indexed(packs, tree);
    expect(packs.taken()).toEqual(['/', 'apps', 'apps/api', 'apps/api/dev.yaml']);
    expect(next.trees.get('marked')).toBe(tree.trees.get('marked') as MarkedTree);
    const edit: TreeEdit = { key: KEY, revision: '1.0.0', files: [FIELD], packs };
    expect((await editTree(next, edit)).marked).toBe(3);
    expect(packs.taken()).toEqual(WEB);
    packs.rest();
  });
});

/** A tree that Git itself would not make, in memory. */
function madeTree(entries: readonly (readonly [mode: string, name: string, object: GitObject])[]): GitObject {
  const parts = entries.flatMap(([mode, name, { oid }]) => [
    Buffer.from(`${mode} ${name}\0`),
    Buffer.from(oid, 'hex'),
  ]);
  return gitObject('tree', Buffer.concat(parts));
}

function packsOf(objects: readonly GitObject[]): Packs {
  const bodies = new Map(objects.map(({ oid, body }) => [oid, body]));
  const read = (oid: string) => bodies.get(oid) ?? Buffer.alloc(0);
  const has = (oid: string) => bodies.has(oid);
  return {
    read,
    readIfSmall: read,
    has,
    count: () => 1,
    refresh: () => {},
    objects: () => bodies.size,
    spent: () => 0,
    isLacking: () => false,
    rest: () => {},
  };
}

describe('a hostile repository', () => {
  test('has nothing changed where its names lead out of it or into .git', async () => {
    const blob = gitObject('blob', Buffer.from(`spec: {version: 1}\n${marked('1')}`));
    const inner = madeTree([['100644', 'a.yaml', blob]]);
    const names = ['..', '.', '.git', '.GIT', 'a/b', 'c\\d', ''];
    const root = madeTree([
      ...names.map((name) => ['40000', name, inner] as const),
      ['100644', '../x.yaml', blob],
      ['100644', 'good.yaml', blob],
    ]);
    const packs = packsOf([blob, inner, root]);
    const tree = await markedTree(root.oid, undefined, { packs, name: 'test' });
    const files = ['**', '.*/*.yaml', '?*/**/*.yaml'].map((path) => ({ path, field: 'spec.version' }));
    const edited = await editTree(tree, { key: KEY, revision: '2', files, packs });
    expect(edited.changes.map(({ file }) => file)).toEqual(['good.yaml', 'good.yaml']);
  });

  test('has a file that is no text left alone, with a sentence', async () => {
    const blob = gitObject('blob', Buffer.from('b: ü\n', 'latin1'));
    const root = madeTree([['100644', 'latin1.yaml', blob]]);
    const packs = packsOf([blob, root]);
    const tree = await markedTree(root.oid, undefined, { packs, name: 'test' });
    const files = [{ path: '*.yaml', field: 'b' }];
    expect(await editTree(tree, { key: KEY, revision: '2', files, packs })).toMatchObject({
      oid: root.oid,
      marked: 0,
      problems: ['latin1.yaml: The file is not UTF-8; it is left as it is.'],
    });
  });

  test('with more files than anyone has is refused, when all of them are named', async () => {
    const blob = gitObject('blob', Buffer.from('a: 1\n'));
    const inner = madeTree(
      Array.from(
        { length: 1_001 },
        (_, at) => ['100644', `${String(at).padStart(4, '0')}.yaml`, blob] as const,
      ),
    );
    const root = madeTree(
      Array.from({ length: 20 }, (_, at) => ['40000', String(at).padStart(2, '0'), inner] as const),
    );
    const packs = packsOf([blob, inner, root]);
    const tree = await markedTree(root.oid, undefined, { packs, name: 'test' });
    const edit = (path: string) => {
      return editTree(tree, { key: KEY, revision: '2', files: [{ path, field: 'b' }], packs });
    };
    expect(await failureOf(edit('**'))).toMatchObject({ code: 'SpecInvalid', retry: 'never' });
    expect(await edit('{00,01}/*.yaml')).toMatchObject({
      marked: 0,
      problems: ['Of 2002 files that match {00,01}/*.yaml, none has the field b.'],
    });
  });
});

describe('markers', () => {
  test('are found too where there are more markers than are kept in mind', async () => {
    const many = Array.from({ length: 150 }, (_, file) => {
      const lines = Array.from({ length: 150 }, (_, line) =>
        marked('1.0.0', `many:app-${file}-${line}:prod`),
      );
      return [`many/${file}.yaml`, `- ${lines.join('- ')}`];
    });
    await repository.commit(Object.fromEntries(many));
    const packs = await watchedPacks();
    const tree = await indexed(packs);
    expect(tree.keys).toBeUndefined();
    packs.taken();
    const edit: TreeEdit = { key: 'many:app-120-7:prod', revision: '2.0.0', packs };
    expect(await editTree(tree, edit)).toMatchObject({ marked: 1, changes: [{ file: 'many/120.yaml' }] });
    expect(packs.taken()).toEqual(['/', 'many', 'many/120.yaml']);
    packs.rest();
  });
});

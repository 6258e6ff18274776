import { describe, expect, test } from 'bun:test';
import { type GitObject, gitObject } from '../../../src/lib/git/objects.ts';
import { openPacks, withObjects } from '../../../src/lib/git/pack/packs.ts';
import { isMerged } from '../../../src/promote/branch/merged.ts';

/** A directory: files with their contents, `x:` before one that is executable. */
interface Directory {
  readonly [name: string]: string | Directory;
}

/** Compares what a branch and its base have become of one tree. */
function compare(old: Directory, tip: Directory, base: Directory): Promise<boolean> {
  const objects: GitObject[] = [];
  const keep = (object: GitObject) => {
    objects.push(object);
    return object.oid;
  };
  const treeOf = (directory: Directory): string => {
    const entries = Object.entries(directory).map(([name, content]) => {
      if (typeof content !== 'string') return [`40000 ${name}`, treeOf(content)] as const;
      const mode = content.startsWith('x:') ? '100755' : '100644';
      return [`${mode} ${name}`, keep(gitObject('blob', Buffer.from(content.replace('x:', ''))))] as const;
    });
    const body = entries.map(([head, oid]) =>
      Buffer.concat([Buffer.from(`${head}\0`), Buffer.from(oid, 'hex')]),
    );
    return keep(gitObject('tree', Buffer.concat(body)));
  };
  const trees = { tip: treeOf(tip), old: treeOf(old), base: treeOf(base) };
  const noPacks = { ...openPacks('/nowhere'), readIfSmall: () => undefined };
  return isMerged(withObjects(noPacks, objects), trees);
}

const OLD = { a: '1', b: '1', dir: { c: '1', d: '1' } };

describe('a branch', () => {
  test.each<[string, Directory, Directory]>([
    ['that changes nothing', OLD, { z: 'all new' }],
    ['that is what the base is', { z: 'new' }, { z: 'new' }],
    ['whose file the base has by now', { ...OLD, a: '2' }, { ...OLD, a: '2', b: '3' }],
    ['whose new file the base has by now', { ...OLD, n: '1' }, { ...OLD, n: '1', b: '3' }],
    ['whose new directory the base has by now', { ...OLD, n: { m: '1' } }, { ...OLD, n: { m: '1', o: '1' } }],
    [
      'beside which the base has changed others',
      { ...OLD, dir: { c: '2', d: '1' } },
      { dir: { c: '2', d: '3' } },
    ],
    ['whose deletion the base has by now', { b: '1', dir: OLD.dir }, { b: '2', dir: OLD.dir }],
  ])('%s is merged', async (_, tip, base) => {
    expect(await compare(OLD, tip, base)).toBe(true);
  });

  test.each<[string, Directory, Directory]>([
    ['with a file that the base has not', { ...OLD, n: '1' }, OLD],
    ['with a change that the base has not', { ...OLD, a: '2' }, { ...OLD, b: '2' }],
    ['with a change that the base has otherwise', { ...OLD, a: '2' }, { ...OLD, a: '3' }],
    ['with a change deep down', { ...OLD, dir: { c: '2', d: '1' } }, { ...OLD, dir: { c: '1', d: '2' } }],
    ['that deletes what the base has', { b: '1', dir: OLD.dir }, { ...OLD, b: '2' }],
    ['that makes a file executable', { ...OLD, a: 'x:1' }, { ...OLD, b: '2' }],
    ['that makes a file of a directory', { ...OLD, dir: '1' }, { ...OLD, b: '2' }],
    ['that makes a directory of a file', { ...OLD, a: { c: '1' } }, { ...OLD, b: '2' }],
  ])('%s is not merged', async (_, tip, base) => {
    expect(await compare(OLD, tip, base)).toBe(false);
  });

  test('with more directories in each other than anybody makes is not merged', async () => {
    const nest = (content: string) =>
      Array.from({ length: 150 }).reduce<Directory>((inner) => ({ inner }), { content });
    expect(await compare(nest('1'), nest('2'), { ...nest('2'), more: '1' })).toBe(true);
    expect(await compare(nest('1'), { ...nest('2'), own: nest('1') }, { own: nest('1') })).toBe(false);
  });
});

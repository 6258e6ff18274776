import { describe, expect, test } from 'bun:test';
import { run } from '../stage/run.ts';
import { gitStage } from '../stage/stage.ts';
import { BRANCH, branchUpdate, marked } from '../stage/support.ts';

const FILE = 'a.yaml';
const stage = gitStage({ [FILE]: marked('1.0.0') });

const promote = (baseBranch: string, revision: string) =>
  stage.branches.updateBranch(branchUpdate(stage.url, { baseBranch, revision }));
const parentOf = async (branch: string) =>
  (await stage.repository.git('rev-parse', `refs/heads/${branch}^`)).trim();

describe('a base branch', () => {
  test.each([
    'release/1.0',
    'feature/ünï',
    'a#b',
    "it's",
    'x%y',
    '%2e%2e',
    '1.0',
    'refs/heads/odd',
    'tags/x',
    'origin/main',
    'a&b=c;d',
    'A',
  ])('may be called %p, and a tag may be called so, too', async (name) => {
    const base = await stage.repository.commit({ [FILE]: marked('1.1.0') }, { branch: name });
    await stage.repository.git('tag', name, 'refs/heads/main');
    for (const revision of ['2.0.0', '3.0.0']) {
      expect((await promote(name, revision)).kind).toBe('pushed');
      expect(await stage.repository.read(BRANCH, FILE)).toBe(marked(revision));
    }
    expect(await parentOf(BRANCH)).toBe(base);
    const moved = await stage.repository.commit({ 'b.yaml': marked('1.0.0') }, { branch: name });
    expect((await promote(name, '4.0.0')).kind).toBe('pushed');
    expect(await parentOf(BRANCH)).toBe(moved);
    expect((await stage.branches.inspect(branchUpdate(stage.url, { baseBranch: name }))).kind).toBe(
      'differs',
    );
    expect(await stage.repository.tip(name)).toBe(moved);
  });

  // Admission and the reconciler refuse the same ones.
  test.each(['HEAD', '-x', 'a..b', 'a.lock', 'a b'])('may not be called %p', async (name) => {
    const promoted = promote(name, '2.0.0');
    await expect(promoted).rejects.toMatchObject({ code: 'SpecInvalid' });
    await expect(promoted).rejects.toThrow(`Git allows no branch with the name "${name}"`);
  });

  test('may be in the way of the next one, by its name', async () => {
    let last: string | undefined;
    for (const [index, name] of ['rel', 'rel/1', 'rel'].entries()) {
      if (last !== undefined) await stage.repository.git('branch', '-D', last);
      const base = await stage.repository.commit({ 'b.yaml': `b: ${index}\n` });
      await stage.repository.git('branch', name, 'main');
      expect((await promote(name, `${index + 2}.0.0`)).kind).toBe('pushed');
      expect(await parentOf(BRANCH)).toBe(base);
      expect(await stage.repository.read(BRANCH, FILE)).toBe(marked(`${index + 2}.0.0`));
      last = name;
    }
  });

  test('and the promotion branch may have commits that are signed or merge a signed tag', async () => {
    const base = await headedCommit('main');
    expect((await promote('main', '2.0.0')).kind).toBe('pushed');
    expect(await parentOf(BRANCH)).toBe(base);
    const other = await headedCommit(BRANCH);
    expect(await promote('main', '3.0.0')).toMatchObject({ kind: 'pushed', others: true });
    expect(await parentOf(BRANCH)).toBe(other);
    expect(await stage.repository.read(BRANCH, FILE)).toBe(marked('3.0.0'));
  });
});

/** On top of a branch, with headers of several lines that name objects and people, too (gitformat-signature). */
async function headedCommit(branch: string): Promise<string> {
  const tip = (await stage.repository.tip(branch)) ?? '';
  const changed = await stage.repository.commit({ [`${branch}.txt`]: 'a fix\n' }, { branch });
  const tree = (await stage.repository.git('rev-parse', `${changed}^{tree}`)).trim();
  const grace = 'Grace <grace@example.com> 1700000000 +0000';
  const text = [
    `tree ${tree}`,
    `parent ${tip}`,
    `author ${grace}`,
    `committer ${grace}`,
    `mergetag object ${'1'.repeat(40)}`,
    ' type commit',
    ' tag v1',
    ' tagger Turnpike <turnpike@example.com> 1700000000 +0000',
    ' ',
    ` parent ${'2'.repeat(40)}`,
    'gpgsig -----BEGIN PGP SIGNATURE-----',
    ' ',
    ` tree ${'3'.repeat(40)}`,
    ' -----END PGP SIGNATURE-----',
    '',
    'Merge v1\n',
  ].join('\n');
  const hash = ['git', '-C', stage.repository.path, 'hash-object', '-t', 'commit', '-w', '--stdin'];
  const commit = (await run(hash, { input: text })).trim();
  await stage.repository.git('update-ref', `refs/heads/${branch}`, commit);
  return commit;
}

import { describe, expect, test } from 'bun:test';
import { asAzure } from '../stage/as-azure.ts';
import { personWith } from '../stage/person.ts';
import { gitStage } from '../stage/stage.ts';
import { BRANCH, branchUpdate, marked } from '../stage/support.ts';

const FILE = 'a.yaml';
const noise = (length: number) => Array.from({ length }, () => `# ${crypto.randomUUID()}`).join('\n');
/** Of some size, and of what does not get smaller. */
const FILES = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`docs/${index}.md`, noise(50)]));
const LARGE = `${noise(500)}\n`;

const stage = gitStage({ [FILE]: marked('1.0.0'), 'large.yaml': LARGE, ...FILES });

/** What each fetch brought, and what it was asked for with. */
function fetches() {
  const seen: { readonly bytes: number; readonly asked: string }[] = [];
  stage.server.intercept = asAzure((bytes, asked) => void seen.push({ bytes, asked }));
  return seen;
}

const promote = (revision: string, changed: Parameters<typeof branchUpdate>[1] = {}) =>
  stage.branches.updateBranch(branchUpdate(stage.url, { revision, ...changed }));

describe('a server that has no ofs-delta, as Azure DevOps', () => {
  test('takes no request without multi_ack, or with what it does not offer', async () => {
    const seen = fetches();
    const ask = async (capabilities: string) => {
      const line = `want ${await stage.repository.tip('main')} ${capabilities}\n`;
      const length = (line.length + 4).toString(16).padStart(4, '0');
      const body = `${length}${line}00000009done\n`;
      const headers = { 'content-type': 'application/x-git-upload-pack-request' };
      return (await fetch(`${stage.url}/git-upload-pack`, { method: 'POST', body, headers })).status;
    };
    expect(await ask('side-band-64k thin-pack')).toBe(400);
    expect(await ask('multi_ack_detailed ofs-delta')).toBe(400);
    expect(seen).toEqual([]);
    expect(await ask('multi_ack_detailed side-band-64k')).toBe(200);
  });

  test('is fetched whole once, then only what is new', async () => {
    const seen = fetches();
    expect((await promote('2.0.0')).kind).toBe('pushed');
    for (const version of [3, 4, 5]) {
      await stage.repository.commit({ 'large.yaml': `${LARGE}${version}\n`, [`new-${version}`]: 'x' });
      expect((await promote(`${version}.0.0`)).kind).toBe('pushed');
      expect(await stage.repository.read(BRANCH, FILE)).toBe(marked(`${version}.0.0`));
    }
    expect(seen).toHaveLength(4);
    const [whole = 0, ...further] = seen.map(({ bytes }) => bytes);
    expect(whole).toBeGreaterThan(50_000);
    for (const bytes of further) expect(bytes).toBeLessThan(2_000);
    expect(seen.every(({ asked }) => asked.includes(' thin-pack'))).toBe(true);
    await stage.repository.git('fsck', '--strict', '--full');
  });

  test('is read where a file is there as a delta on what only the copy has', async () => {
    const text = (version: string) => `${LARGE}${marked(version)}`;
    await stage.repository.commit({ 'large.yaml': text('1.0.0') });
    const seen = fetches();
    await promote('2.0.0');
    await stage.repository.commit({ 'large.yaml': text('1.5.0') });
    await promote('3.0.0');
    expect(seen[1]?.bytes).toBeLessThan(2_000);
    expect(await stage.repository.read(BRANCH, 'large.yaml')).toBe(text('3.0.0'));
  });

  test('shows the commits of others on the branch', async () => {
    fetches();
    await promote('2.0.0');
    const grace = await personWith(stage.repository);
    await grace.take(BRANCH);
    await grace.write('fix.txt', 'a fix\n');
    await grace.commit('Fix');
    await grace.push(BRANCH);
    expect(await promote('3.0.0')).toMatchObject({ kind: 'pushed', others: true });
    expect(await stage.repository.read(BRANCH, 'fix.txt')).toBe('a fix\n');
    await grace.leave();
  });
});

import { expect, test } from 'bun:test';
import { APP_RIGHTS, QUEUE_RIGHTS } from '../../../src/lib/forges/github/app-rights.ts';

/** As GitHub's settings call them. */
const NAMES: Readonly<Record<string, string>> = {
  contents: 'Contents',
  pull_requests: 'Pull requests',
  statuses: 'Commit statuses',
  merge_queues: 'Merge queues',
};

test('the docs name every right that the token of a GitHub App is asked for', async () => {
  const page = await Bun.file(new URL('../../../docs/forges.md', import.meta.url)).text();
  const section = page.slice(page.indexOf('\n## GitHub App\n'), page.indexOf('\n## Azure DevOps\n'));
  const rights = Object.keys({ ...APP_RIGHTS, ...QUEUE_RIGHTS });
  expect(rights.length).toBeGreaterThan(3);
  for (const right of rights) expect(section).toContain(NAMES[right] ?? `no name for ${right}`);
});

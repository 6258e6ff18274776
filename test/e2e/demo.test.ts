import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../lab/wait.ts';

/** `npm run demo` as a user runs it, in a temporary directory of its own. */

const MINUTE = 60_000;
const ROOT = join(import.meta.dir, '../..');
let temporary: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'turnpike-demo-test-'));
});

afterAll(async () => {
  // What a test that failed has left up.
  await runDemo('--stop');
  await rm(temporary, { recursive: true });
}, MINUTE);

function start(...args: readonly string[]) {
  return Bun.spawn([process.execPath, 'demo/main.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: temporary },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
}

async function runDemo(...args: readonly string[]): Promise<{ code: number; printed: string }> {
  const demo = start(...args);
  const [code, printed] = await Promise.all([demo.exited, new Response(demo.stdout).text()]);
  // The whole of it, to find out why.
  if (code !== 0) console.error(printed);
  return { code, printed };
}

/** Command lines of processes that have to do with this directory, found by /proc. */
async function processesOf(directory: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = pids.map(async (pid) => {
    const read = (file: string) => readFile(join('/proc', pid, file), 'utf8').catch(() => '');
    const [command, environment] = await Promise.all([read('cmdline'), read('environ')]);
    return `${command}${environment}`.includes(directory) ? [command.replaceAll('\0', ' ')] : [];
  });
  return (await Promise.all(found)).flat();
}

async function nothingIsLeft(): Promise<void> {
  const look = async () => {
    const left = [...(await processesOf(temporary)), ...(await readdir(temporary))];
    return left.length === 0 ? { done: undefined } : { saw: left };
  };
  await waitFor('everything to be gone', look, { seconds: 20 });
}

/** What the demo says, in this order. */
const STORY = [
  /\$ kubectl apply -k overlay/,
  /Committed to main: "Use hello 1\.1\.0 in dev"/,
  /dev runs 1\.1\.0: Helm upgrade succeeded for release dev\/hello\.v2 with chart hello@1\.1\.0/,
  /The signed event UpgradeSucceeded came to \/promotion\/demo\/hello\/dev: accepted/,
  /Turnpike opened pull request #1: Promote demo\/hello in staging to 1\.1\.0/,
  /^ +- {6}version: 1\.0\.0 # \{"\$promotion": "demo:hello:staging"\}$/m,
  /^ +\+ {6}version: 1\.1\.0 # \{"\$promotion": "demo:hello:staging"\}$/m,
  /Merged #1/,
  /staging runs 1\.1\.0/,
  /Turnpike opened pull request #2: Promote demo\/hello in prod to 1\.1\.0/,
  /Merged #2/,
  /prod runs 1\.1\.0/,
  /came to \/promotion\/demo\/hello\/prod: completed/,
  /spec\.revision\.path: \.spec\.values\.image\.tag/,
  /Committed to main: "Use shop image 5\.0\.1 in dev"/,
  /dev runs image 5\.0\.1: Helm upgrade succeeded for release dev\/shop\.v2 with chart hello@1\.0\.0/,
  /Turnpike opened pull request #3: Promote demo\/shop in staging to 5\.0\.1/,
  /^ +- {6}tag: 5\.0\.0 # \{"\$promotion": "demo:shop:staging"\}$/m,
  /^ +\+ {6}tag: 5\.0\.1 # \{"\$promotion": "demo:shop:staging"\}$/m,
  /Merged #3/,
  /staging runs image 5\.0\.1/,
  /Turnpike opened pull request #4: Promote demo\/shop in prod to 5\.0\.1/,
  /Merged #4/,
  /prod runs image 5\.0\.1/,
  /Several strategies are named: keep one of/,
  /denied the request: .*Secret demo\/nowhere does not exist/,
  /^step +took +result$/m,
  /^Promote from staging to prod +[\d.]+ s +pull request #2 merged, 1\.1\.0 deployed$/m,
  /^Promote the image from staging to prod +[\d.]+ s +pull request #4 merged, image 5\.0\.1 deployed$/m,
];

/** What kubectl shows beside that, in its own time. */
const SUMMARIES = [
  'dev 1.0.0 → staging 1.0.0 → prod 1.0.0',
  'dev 1.1.0 → staging 1.0.0 (PR #1) → prod 1.0.0',
  'dev 1.1.0 → staging 1.1.0 → prod 1.0.0 (PR #2)',
  'dev 1.1.0 → staging 1.1.0 → prod 1.1.0',
  'dev 5.0.0 → staging 5.0.0 → prod 5.0.0',
  'dev 5.0.1 → staging 5.0.0 (PR #3) → prod 5.0.0',
  'dev 5.0.1 → staging 5.0.1 → prod 5.0.0 (PR #4)',
  'dev 5.0.1 → staging 5.0.1 → prod 5.0.1',
];

function positionOf(printed: string, text: RegExp | string): number {
  return typeof text === 'string' ? printed.indexOf(text) : printed.search(text);
}

function expectTheWalk(printed: string): void {
  for (const texts of [STORY, SUMMARIES]) {
    const found = texts.map((text) => ({ text, at: positionOf(printed, text) }));
    expect(found.filter(({ at }) => at < 0)).toEqual([]);
    expect(found).toEqual([...found].sort((one, other) => one.at - other.at));
  }
}

describe('the demo', () => {
  test(
    'walks from dev to prod with Flux itself, and leaves nothing behind',
    async () => {
      const { code, printed } = await runDemo('--flux');
      expect(code).toBe(0);
      expectTheWalk(printed);
      expect(printed).toContain('Hello from prod, this is 1.1.0');
      expect(printed).toContain('ghcr.io/acme/shop:5.0.1');
      expect(printed).not.toContain('played');
      expect(printed).not.toContain('\u001b');
      await nothingIsLeft();
    },
    3 * MINUTE,
  );

  test(
    'plays Flux where there is none, says so, and stays up when it is told to',
    async () => {
      const { code, printed } = await runDemo('--no-flux', '--keep');
      expect(code).toBe(0);
      expectTheWalk(printed);
      expect(printed).toContain('Flux is played by the demo');
      const kubeconfig = /export KUBECONFIG=(\S+)/.exec(printed)?.[1] ?? '';
      const kubectl = ['kubectl', `--kubeconfig=${kubeconfig}`, 'get', 'pipelines', '-n', 'demo'];
      const { stdout } = Bun.spawnSync(kubectl);
      expect(stdout.toString()).toContain('dev 1.1.0 → staging 1.1.0 → prod 1.1.0');
      const probe = /probes (\S+)/.exec(printed)?.[1] ?? '';
      expect((await fetch(probe)).status).toBe(200);

      expect(await runDemo('--stop')).toMatchObject({ code: 0, printed: expect.stringContaining('Ended') });
      await nothingIsLeft();
    },
    3 * MINUTE,
  );

  test(
    'takes down what it started when it is interrupted',
    async () => {
      const demo = start('--no-flux');
      const decoder = new TextDecoder();
      let printed = '';
      for await (const chunk of demo.stdout) {
        printed += decoder.decode(chunk, { stream: true });
        if (printed.includes('hello.yaml hold one')) demo.kill('SIGINT');
      }
      expect(await demo.exited).toBe(130);
      expect(printed).toContain('SIGINT: the demo ends here');
      await nothingIsLeft();
    },
    3 * MINUTE,
  );

  test('answers wrong usage with status 2', async () => {
    const demo = Bun.spawn([process.execPath, 'demo/main.ts', '--bogus'], { cwd: ROOT, stderr: 'pipe' });
    const [code, said] = await Promise.all([demo.exited, new Response(demo.stderr).text()]);
    expect(code).toBe(2);
    expect(said).toContain("Unknown option '--bogus'");
    expect(said).toContain('Usage: npm run demo');
  });
});

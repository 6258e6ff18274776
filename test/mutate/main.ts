/**
 * `npm run mutate -- src/decide --seed 7 --count 300`: changes one operator, boolean or bound of the source at a time, runs
 * the tests that import the file, and lists the changes that no test notices.
 */
import { cpus, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { type Importers, readImporters } from './importers.ts';
import { nearestFirst } from './nearest.ts';
import { random, shuffled } from './random.ts';
import { applied, type Mutant, mutantsOf } from './sites.ts';
import { createTree, NO_END, type Tree } from './tree.ts';

const ROOT = join(import.meta.dir, '../..');
const USAGE = `Usage: npm run mutate -- [PATH...] [flags]

Changes one operator, boolean or bound of the source below PATH (default: src) at a time, and runs the tests that import
the file. Lists the changes that no test notices. Exits with 1 when fewer than --floor percent are noticed.

  --count N   how many changes are tried (default 100)
  --seed N    which ones (default 1)
  --floor N   percent that tests have to notice (default 90)
  --jobs N    how many at once (default: one for each processor)
  --lab       tries the tests that start servers, too
  --list      prints the changes and runs nothing`;

/** Tests there need nothing that has to be built; the model takes minutes and has its own list of faults. */
const FAST = ['test/unit', 'test/http', 'test/fuzz'];
const WITH_LAB = [...FAST, 'test/git', 'test/forges'];
/** They measure time, and fail on a busy machine whatever was changed. */
const TIMED = /timing\.test\.ts$/;
const MAX_TESTS = 40;
/** They notice most of what is noticed; the others run in a process of their own. */
const NEAREST = 6;
/** Of one process. */
const TIMEOUT_MS = 300_000;
/** Of all tests together. */
const UNCHANGED_TIMEOUT_MS = 900_000;

interface Candidate extends Mutant {
  readonly file: string;
  readonly line: number;
  readonly source: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    floor: { type: 'string', default: '90' },
    jobs: { type: 'string', default: String(cpus().length) },
    lab: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const paths = positionals.length > 0 ? positionals : ['src'];
const candidates = await collect(paths);
const chosen = shuffled(candidates, random(Number(values.seed))).slice(0, Number(values.count));
process.stdout.write(
  `${candidates.length} changes are possible below ${paths.join(', ')}; ${chosen.length} are tried.\n`,
);
if (values.list) {
  for (const one of chosen) process.stdout.write(`${shown(one)}\n`);
  process.exit(0);
}
process.exit((await tryAll(chosen)) ? 0 : 1);

async function collect(under: readonly string[]): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const path of under) {
    const files = path.endsWith('.ts') ? [path] : scan(path);
    for (const file of files) {
      const source = await Bun.file(join(ROOT, file)).text();
      for (const mutant of mutantsOf(source)) {
        const line = source.slice(0, mutant.start).split('\n').length;
        found.push({ ...mutant, file, line, source });
      }
    }
  }
  return found;
}

function scan(folder: string): string[] {
  const glob = new Bun.Glob('**/*.ts');
  return [...glob.scanSync(join(ROOT, folder))]
    .map((file) => join(relative(ROOT, join(ROOT, folder)), file))
    .sort();
}

/** Whether enough of them are noticed. */
async function tryAll(all: readonly Candidate[]): Promise<boolean> {
  const importers = await readImporters(ROOT, [...scan('src'), ...scan('test')]);
  const usable = await usableTests(all, importers);
  const unnoticed: Candidate[] = [];
  const endless: Candidate[] = [];
  const queue = [...all];
  let done = 0;
  const tryOne = async (tree: Tree, one: Candidate) => {
    const own = importers.testsOf(one.file).filter((test) => usable.has(test));
    const tests = nearestFirst(one.file, own).slice(0, MAX_TESTS);
    const parts = [tests.slice(0, NEAREST), tests.slice(NEAREST)].filter((part) => part.length > 0);
    const noticedBy = await tree.failure(one.file, applied(one.source, one), parts, TIMEOUT_MS);
    if (noticedBy === undefined) unnoticed.push(one);
    if (noticedBy === NO_END) endless.push(one);
    done += 1;
    const fate = noticedBy === undefined ? 'SURVIVES' : 'noticed';
    const by = noticedBy === undefined ? '' : `   (${noticedBy})`;
    process.stdout.write(
      `${String(done).padStart(4)}/${all.length}  ${fate.padEnd(8)}  ${shown(one)}${by}\n`,
    );
  };
  const work = async (name: string) => {
    const tree = await createTree(ROOT, join(tmpdir(), `turnpike-mutate-${process.pid}-${name}`));
    try {
      for (let one = queue.shift(); one; one = queue.shift()) await tryOne(tree, one);
    } finally {
      await tree.remove();
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, (_, index) => work(String(index))));
  const isEnough = report(all, unnoticed);
  list(
    'Counted as noticed, as the tests did not end in time; run them again if the machine was busy:',
    endless,
  );
  return isEnough;
}

/** The tests that import any of the files and pass as long as nothing is changed. */
async function usableTests(all: readonly Candidate[], importers: Importers): Promise<ReadonlySet<string>> {
  const folders = (values.lab ? WITH_LAB : FAST).map((folder) => `${folder}/`);
  const files = new Set(all.map(({ file }) => file));
  const tests = new Set([...files].flatMap((file) => importers.testsOf(file)));
  const tried = [...tests].filter(
    (test) => !TIMED.test(test) && folders.some((folder) => test.startsWith(folder)),
  );
  process.stdout.write(`Running ${tried.length} files of tests with nothing changed…\n`);
  const tree = await createTree(ROOT, join(tmpdir(), `turnpike-mutate-${process.pid}-unchanged`));
  try {
    const failing = await tree.failing(tried, UNCHANGED_TIMEOUT_MS);
    for (const test of failing)
      process.stdout.write(`Left out, for it fails with nothing changed: ${test}\n`);
    return new Set(tried.filter((test) => !failing.has(test)));
  } finally {
    await tree.remove();
  }
}

function report(all: readonly Candidate[], left: readonly Candidate[]): boolean {
  const rooms = Map.groupBy(all, roomOf);
  process.stdout.write('\nROOM                 TRIED  NOTICED  PERCENT\n');
  for (const [room, tried] of [...rooms, ['all', all] as const]) {
    const noticed = tried.length - left.filter((one) => room === 'all' || roomOf(one) === room).length;
    const percent = ((100 * noticed) / tried.length).toFixed(1);
    const row = [
      room.padEnd(20),
      String(tried.length).padStart(6),
      String(noticed).padStart(8),
      percent.padStart(8),
    ];
    process.stdout.write(`${row.join(' ')}\n`);
  }
  list('No test notices:', left);
  return all.length === 0 || (100 * (all.length - left.length)) / all.length >= Number(values.floor);
}

function list(title: string, some: readonly Candidate[]): void {
  if (some.length > 0) process.stdout.write(`\n${title}\n`);
  for (const one of some) process.stdout.write(`  ${shown(one)}\n`);
}

/** The first folder below src, and of libraries the second. */
function roomOf({ file }: Candidate): string {
  const parts = file.split('/');
  return parts.slice(1, parts[1] === 'lib' ? 3 : 2).join('/');
}

function shown({ file, line, text, replacement, source }: Candidate): string {
  const whole = source.split('\n')[line - 1]?.trim() ?? '';
  return `${file}:${line}: ${text} -> ${replacement || '(nothing)'}   ${whole.slice(0, 100)}`;
}

import { describe, expect, test } from 'bun:test';
import { dirname, join, relative } from 'node:path';

/** Of the libraries below `lib`, what each may use beside `lib` itself. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  'lib/text': ['lib'],
  'lib/async': ['lib', 'lib/text'],
  'lib/net': ['lib', 'lib/text', 'lib/async'],
  'lib/yaml': ['lib', 'lib/text', 'lib/async'],
  'lib/kube': ['lib', 'lib/text', 'lib/async', 'lib/net'],
  'lib/git': ['lib', 'lib/text', 'lib/async', 'lib/net'],
  'lib/forges': ['lib', 'lib/text', 'lib/async', 'lib/net', 'lib/git'],
};

const LIB = Object.keys(LIBRARIES);

/** Which room may use which: everything flows one way, so that each can be read without the next. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  ...LIBRARIES,
  api: LIB,
  telemetry: ['api', ...LIB],
  decide: ['api', ...LIB],
  observe: ['api', 'decide', 'telemetry', ...LIB],
  promote: ['api', 'decide', 'telemetry', ...LIB],
  http: ['api', 'decide', 'telemetry', ...LIB],
  reconcile: ['api', 'decide', 'telemetry', 'observe', 'promote', 'http', ...LIB],
  cli: ['api', 'decide', 'telemetry', 'observe', 'promote', 'http', 'reconcile', ...LIB],
  'main.ts': ['cli'],
};

/** What runs against it still: file and what it imports. */
const TO_MEND: readonly string[] = [];

/** Where a library is entered. What stands behind `pure.ts` needs no clock, no promise and no I/O. */
const DOOR = /^lib\/\w+\/(?:index|pure)\.ts$/;
const PURE_DOOR = /^lib\/(?:text\/index|\w+\/pure)\.ts$/;

/** Directly in one folder. */
const MAX_FILES = 25;

const SOURCE = join(import.meta.dir, '../../src');
const IMPORT = /^(?:import|export)\b[^'"]*?from\s+'(\.[^']+)'|^import\s+'(\.[^']+)'/gm;

function room(path: string): string {
  const [first = path, second = ''] = path.split('/');
  if (first !== 'lib') return first;
  return second.endsWith('.ts') ? 'lib' : `lib/${second}`;
}

async function importsOf(file: string): Promise<string[]> {
  const text = await Bun.file(join(SOURCE, file)).text();
  return [...text.matchAll(IMPORT)].map(([, from, plain]) =>
    relative(SOURCE, join(SOURCE, dirname(file), from ?? plain ?? '')),
  );
}

const files = [...new Bun.Glob('**/*.ts').scanSync(SOURCE)].sort();

function isPure(path: string): boolean {
  return path.startsWith('decide/') || PURE_DOOR.test(path);
}

/** The files, and all that they import by whatever way. */
async function reachedFrom(start: readonly string[]): Promise<Set<string>> {
  const reached = new Set(start);
  for (const file of reached) {
    for (const path of await importsOf(file)) if (path.endsWith('.ts')) reached.add(path);
  }
  return reached;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*\*.*?\*\/|^\s*\/\/.*$/gms, '');
}

describe('the structure of the source', () => {
  test.each(files)('%s imports only what its room may use', async (file) => {
    const allowed = [room(file), ...(MAY_IMPORT[room(file)] ?? [])];
    const outside = (await importsOf(file)).filter((path) => !path.startsWith('..'));
    const against = outside.filter((path) => !allowed.includes(room(path))).map((path) => `${file} ${path}`);
    expect(against).toEqual(TO_MEND.filter((edge) => edge.startsWith(`${file} `)));
  });

  test.each(files)('%s enters a library by a door, and decides by what is pure alone', async (file) => {
    const libraries = (await importsOf(file)).filter(
      (path) => /^lib\/\w+\//.test(path) && room(path) !== room(file),
    );
    expect(libraries.filter((path) => !DOOR.test(path))).toEqual([]);
    if (/^(?:api|decide)\//.test(file)) expect(libraries.filter((path) => !PURE_DOOR.test(path))).toEqual([]);
  });

  test('has doors that name what goes through them', async () => {
    const doors = files.filter((path) => DOOR.test(path));
    expect(doors.length).toBeGreaterThan(LIB.length - 1);
    for (const door of doors) {
      const text = await Bun.file(join(SOURCE, door)).text();
      expect(
        text.replace(/export (?:type )?\{[^}*]*\} from '[^']+';\s*/g, '').replace(/\/\*\*.*?\*\/\s*/gs, ''),
      ).toBe('');
    }
  });

  test('has no folder with more files than one can look over', () => {
    const sizes = Object.groupBy(files, dirname);
    const full = Object.entries(sizes).filter(([, inside = []]) => inside.length > MAX_FILES);
    expect(full.map(([folder]) => folder)).toEqual([]);
  });

  test('has no file of more than 300 lines', async () => {
    const long: string[] = [];
    for (const file of files) {
      const lines = (await Bun.file(join(SOURCE, file)).text()).split('\n').length;
      if (lines > 300) long.push(`${file}: ${lines}`);
    }
    expect(long).toEqual([]);
  });

  test('decides without a clock, an environment or a promise', async () => {
    const impure =
      /\bDate\.now\(|\bnew Date\(\)|\bprocess\.|\bawait\b|\basync\b|\bMath\.random\b|\bfetch\(|\bsetTimeout\(|'node:(?:fs|dns|http|https|tls)/;
    const found: string[] = [];
    for (const file of await reachedFrom(files.filter(isPure))) {
      const text = await Bun.file(join(SOURCE, file)).text();
      if (impure.test(withoutComments(text))) found.push(file);
    }
    expect(found).toEqual([]);
  });

  test('makes no regular expression of a text', async () => {
    const found: string[] = [];
    for (const file of files) {
      const text = await Bun.file(join(SOURCE, file)).text();
      if (/\bRegExp\(/.test(text) || /\.(?:match|matchAll|search)\(\s*['"`]/.test(text)) found.push(file);
    }
    expect(found).toEqual([]);
  });

  test('reads what others send up to its first fault', async () => {
    const whole = /\bv\.(?:safeParse|parse)\((?:(?!\bFIRST|\babortEarly)[^;])*;/;
    const found: string[] = [];
    for (const file of files.filter((path) => /^(?:lib|observe|promote|http)\//.test(path))) {
      if (whole.test(await Bun.file(join(SOURCE, file)).text())) found.push(file);
    }
    expect(found).toEqual([]);
  });

  test('writes to no console: what is to be said goes through the logger or the command', async () => {
    const found: string[] = [];
    for (const file of files) {
      if (/\bconsole\.\w+\(/.test(await Bun.file(join(SOURCE, file)).text())) found.push(file);
    }
    expect(found).toEqual([]);
  });

  test('reads the environment in main.ts alone', async () => {
    const found: string[] = [];
    for (const file of files) {
      if (/\bprocess\.env\b/.test(await Bun.file(join(SOURCE, file)).text())) found.push(file);
    }
    expect(found).toEqual(['main.ts']);
  });
});

describe('the structure of the tests', () => {
  const tests = join(import.meta.dir, '..');

  // The runner takes an empty file for one that passes.
  test('has no file without a test', async () => {
    const found: string[] = [];
    for (const file of new Bun.Glob('**/*.test.ts').scanSync(tests)) {
      if (!/\btest\b/.test(await Bun.file(join(tests, file)).text())) found.push(file);
    }
    expect(found).toEqual([]);
  });
});

import { describe, expect, test } from 'bun:test';
import { dirname, join, relative } from 'node:path';

/** Which room may use which: everything flows one way, so that each can be read without the next. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  api: [],
  telemetry: ['api'],
  decide: ['api'],
  kube: ['api', 'decide', 'telemetry'],
  promote: ['api', 'decide', 'telemetry'],
  http: ['api', 'decide', 'telemetry'],
  reconcile: ['api', 'decide', 'telemetry', 'kube', 'promote', 'http'],
  cli: ['api', 'decide', 'telemetry', 'kube', 'promote', 'http', 'reconcile', 'config.ts'],
  'config.ts': ['api', 'telemetry', 'cli', 'http'],
  'main.ts': ['cli'],
};

const SOURCE = join(import.meta.dir, '../../src');
const IMPORT = /^(?:import|export)\b[^'"]*?from\s+'(\.[^']+)'|^import\s+'(\.[^']+)'/gm;

function room(path: string): string {
  return path.split('/')[0] ?? path;
}

async function importsOf(file: string): Promise<string[]> {
  const text = await Bun.file(join(SOURCE, file)).text();
  return [...text.matchAll(IMPORT)].map(([, from, plain]) =>
    relative(SOURCE, join(SOURCE, dirname(file), from ?? plain ?? '')),
  );
}

const files = [...new Bun.Glob('**/*.ts').scanSync(SOURCE)].sort();

describe('the structure of the source', () => {
  test.each(files)('%s imports only what its room may use', async (file) => {
    const allowed = [room(file), ...(MAY_IMPORT[room(file)] ?? [])];
    const outside = (await importsOf(file)).filter((path) => !path.startsWith('..'));
    expect(outside.filter((path) => !allowed.includes(room(path)))).toEqual([]);
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
    const impure = /\bDate\.now\(|\bnew Date\(\)|\bprocess\.|\bawait\b|\basync\b|\bMath\.random\b|\bfetch\(/;
    const found: string[] = [];
    for (const file of files.filter((path) => path.startsWith('decide/'))) {
      if (impure.test(await Bun.file(join(SOURCE, file)).text())) found.push(file);
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
    for (const file of files.filter((path) => /^(?:kube|promote|http)\//.test(path))) {
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

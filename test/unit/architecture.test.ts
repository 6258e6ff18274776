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
const TO_MEND: readonly string[] = [
  'lib/forges/azure/strategies.ts api/change.ts',
  'lib/forges/bitbucket/method.ts api/change.ts',
  'lib/forges/credentials/credentials.ts api/pipeline.ts',
  'lib/forges/credentials/github-app.ts api/pipeline.ts',
  'lib/forges/gitea/method.ts api/change.ts',
  'lib/forges/github/merge.ts api/change.ts',
  'lib/forges/github/methods.ts api/change.ts',
  'lib/forges/merge.ts api/change.ts',
  'lib/forges/port.ts api/change.ts',
  'lib/forges/port.ts api/pipeline.ts',
  'lib/forges/port.ts promote/pull-request/names.ts',
  'lib/forges/request/call.ts telemetry/log.ts',
  'lib/forges/url/forge-type.ts api/pipeline.ts',
  'lib/git/connections.ts promote/branch/branch-updater.ts',
  'lib/git/copy-key.ts promote/branch/branch-updater.ts',
  'lib/git/credentials.ts promote/branch/branch-updater.ts',
  'lib/git/failure.ts promote/branch/branch-updater.ts',
  'lib/git/repository.ts promote/branch/edit/marked.ts',
  'lib/git/sign/key.ts api/group.ts',
  'lib/git/store.ts telemetry/log.ts',
  'lib/git/transport.ts promote/branch/branch-updater.ts',
  'lib/kube/access.ts api/pipeline.ts',
  'lib/kube/certificates/authority-file.ts telemetry/log.ts',
  'lib/kube/certificates/certificates.ts telemetry/log.ts',
  'lib/kube/certificates/files.ts telemetry/log.ts',
  'lib/kube/certificates/webhook-configuration-watch.ts telemetry/log.ts',
  'lib/kube/client/discovery.ts decide/model/route.ts',
  'lib/kube/client/events.ts api/group.ts',
  'lib/kube/client/metrics-readers.ts telemetry/log.ts',
  'lib/kube/client/subject-access.ts api/admission.ts',
  'lib/kube/election/election.ts telemetry/log.ts',
  'lib/kube/informer/cache.ts telemetry/log.ts',
  'lib/kube/informer/informer.ts telemetry/log.ts',
  'lib/kube/informer/reflector.ts telemetry/log.ts',
  'lib/kube/informer/store.ts telemetry/log.ts',
  'lib/net/hosts.ts api/group.ts',
  'lib/net/hosts.ts api/repository.ts',
  'lib/net/hosts.ts api/rules.ts',
  'lib/net/secret-parts.ts api/group.ts',
  'lib/net/secret-parts.ts api/pipeline.ts',
  'lib/yaml/field.ts decide/model/revision.ts',
  'lib/yaml/marker/comment.ts decide/model/revision.ts',
  'lib/yaml/scalar-value.ts decide/model/revision.ts',
];

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

describe('the structure of the source', () => {
  test.each(files)('%s imports only what its room may use', async (file) => {
    const allowed = [room(file), ...(MAY_IMPORT[room(file)] ?? [])];
    const outside = (await importsOf(file)).filter((path) => !path.startsWith('..'));
    const against = outside.filter((path) => !allowed.includes(room(path))).map((path) => `${file} ${path}`);
    expect(against).toEqual(TO_MEND.filter((edge) => edge.startsWith(`${file} `)));
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

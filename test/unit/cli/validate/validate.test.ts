import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  createFolder,
  errorsOf,
  type Folder,
  HOOK_SECRET,
  lines,
  pipelineYaml,
  stream,
  validate,
  warningsOf,
} from '../../../fakes/validate-command.ts';

const CLEAN = stream(pipelineYaml(), HOOK_SECRET);
const BAD_NAME = pipelineYaml({ 'name: dev': 'name: a b' });
const BAD_LINE =
  '12:7: spec.environments[0].name: "a b": Use letters, digits, "-", "_" and ".", with a letter or digit at both ends.';

let folder: Folder;
beforeAll(() => {
  folder = createFolder();
});
afterAll(() => folder.remove());

describe('turnpike validate', () => {
  test('says nothing but a summary of what is fine', async () => {
    expect(await validate(['-f', '-'], { input: CLEAN })).toEqual({
      code: 0,
      out: '',
      err: '1 Pipeline in standard input: 0 errors, 0 warnings.\n',
    });
  });

  test('prints a line for each fault and exits with 1', async () => {
    const { code, out, err } = await validate(['-'], { input: stream(BAD_NAME, HOOK_SECRET) });
    expect({ code, out: lines(out), err }).toEqual({
      code: 1,
      out: [`-:${BAD_LINE}`],
      err: '1 Pipeline in standard input: 1 error, 0 warnings.\n',
    });
  });

  test.each([
    ['the flag alone', ['--no-cross-namespace-refs'], {}],
    ['the flag with a value', ['--no-cross-namespace-refs=true'], {}],
    ['the variable', [], { TURNPIKE_NO_CROSS_NAMESPACE_REFS: 'true' }],
  ])('refuses references to other namespaces by %s', async (_, args, environment) => {
    const { code, out } = await validate(['-', ...args], { input: CLEAN, environment });
    expect(code).toBe(1);
    expect(lines(out)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('References to other namespaces are not allowed here'),
      ]),
    );
    const off = await validate(['-', '--no-cross-namespace-refs=false'], { input: CLEAN, environment });
    expect(off.code).toBe(0);
  });

  test('says nothing of references where the file names no namespace', async () => {
    const input = pipelineYaml({ '  namespace: demo\n': '' });
    expect(await validate(['-', '--no-cross-namespace-refs'], { input })).toMatchObject({ code: 0 });
  });

  test('prints warnings to standard error and exits with 0', async () => {
    const { code, out, err } = await validate(['-'], { input: pipelineYaml() });
    expect({ code, out, err: lines(err) }).toEqual({
      code: 0,
      out: '',
      err: [
        '-:22:9: warning: spec.promotion.strategy.secretRef.name: "hook": Secret demo/hook was not checked: It is not among the checked files.',
        '1 Pipeline in standard input: 0 errors, 1 warning.',
      ],
    });
  });

  test('takes paths with and without -f, several after one, each file once', async () => {
    const bad = folder.write('paths/bad.yaml', BAD_NAME);
    const secret = folder.write('paths/secret.yaml', HOOK_SECRET);
    const other = folder.write('paths/other.yml', pipelineYaml({ 'name: podinfo': 'name: other' }));
    for (const args of [
      ['-f', bad, secret, other],
      [bad, '-f', secret, '-f', other],
      [`-f=${bad}`, `--filename=${secret}`, other, bad],
    ]) {
      const { code, out, err } = await validate(args);
      expect({ code, out }).toEqual({ code: 1, out: `${bad}:${BAD_LINE}\n` });
      expect(err).toContain('2 Pipelines in 3 files: 1 error, ');
    }
  });

  test('reads a pipe when no path is given', async () => {
    expect((await validate([], { input: BAD_NAME })).out).toBe(`-:${BAD_LINE}\n`);
  });

  test.each([
    [[], 'Name files or directories with -f, or pipe manifests in.'],
    [['-f'], "Option '-f, --filename <value>' argument missing"],
    [['-f', ''], 'A path must not be empty.'],
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['-x', '-'], "Unknown option '-x'"],
    [['-', '-o', 'xml'], '--output: "xml" is not one of text, json.'],
    [['-', '--max-files=none'], '--max-files: "none" is not a whole number of at least 1.'],
  ])('refuses %j with a sentence and exits with 2', async (args, sentence) => {
    const { code, out, err } = await validate(args);
    expect({ code, out, first: lines(err)[0] }).toEqual({
      code: 2,
      out: '',
      first: `turnpike validate: ${sentence}`,
    });
  });

  test('finds nothing and says where', async () => {
    const empty = folder.write('nothing/readme.md', '# nothing');
    expect(await validate(['-'], { input: '' })).toEqual({
      code: 0,
      out: '',
      err: 'No Pipeline found in standard input.\n',
    });
    expect((await validate([join(empty, '..')])).err).toBe(`No Pipeline found in ${join(empty, '..')}.\n`);
  });

  test('names a file that is not there or cannot be read', async () => {
    const gone = join(folder.path, 'gone.yaml');
    expect(await validate([gone])).toEqual({
      code: 1,
      out: `${gone}:1:1: No such file or directory.\n`,
      err: `No Pipeline found in ${gone}: 1 error, 0 warnings.\n`,
    });
    const inside = join(folder.write('file.yaml', ''), 'x');
    expect((await validate([inside])).out).toBe(`${inside}:1:1: It cannot be read: ENOTDIR.\n`);
  });

  test('prints one JSON object with -o json', async () => {
    const { code, out, err } = await validate(['-', '-o', 'json'], { input: stream(BAD_NAME, HOOK_SECRET) });
    expect(code).toBe(1);
    expect(lines(err)).toEqual(['1 Pipeline in standard input: 1 error, 0 warnings.']);
    expect(JSON.parse(out)).toEqual({
      pipelines: 1,
      errors: 1,
      warnings: 0,
      problems: [
        {
          severity: 'error',
          path: '-',
          line: 12,
          column: 7,
          pipeline: { namespace: 'demo', name: 'podinfo' },
          rule: 'format',
          field: 'spec.environments[0].name',
          value: 'a b',
          message: 'Use letters, digits, "-", "_" and ".", with a letter or digit at both ends.',
        },
      ],
    });
    const clean = await validate(['-', '-ojson'], { input: CLEAN });
    expect({ ...clean, out: JSON.parse(clean.out) }).toMatchObject({
      code: 0,
      out: { pipelines: 1, errors: 0, warnings: 0, problems: [] },
    });
  });

  test('takes the hosts of serve, by flag and by variable', async () => {
    const pullRequest = `pull-request:
        type: github
        url: https://github.com/example/fleet
        baseBranch: main
        secretRef:
          name: hook`;
    const input = pipelineYaml({ 'notification: {}': pullRequest });
    const refused = '-:22:9: spec.promotion.strategy.pull-request.url: "https://github.com/example/fleet": ';
    const environment = { TURNPIKE_GIT_HOSTS: 'git.example.com' };
    expect((await validate(['-'], { input })).code).toBe(0);
    expect((await validate(['-'], { input, environment })).out).toStartWith(refused);
    expect((await validate(['-', '--git-hosts=github.com'], { input, environment })).code).toBe(0);
  });

  test('has a help that shows how', async () => {
    const { createValidate } = await import('../../../../src/cli/validate/validate.ts');
    const help = createValidate({ isTerminal: () => true, async *read() {} }).help();
    for (const word of [
      '-f',
      '-o',
      '--git-hosts',
      'kubectl kustomize . | turnpike validate -f -',
      'Exit status',
    ]) {
      expect(help).toContain(word);
    }
  });
});

describe('a Pipeline', () => {
  test.each([
    [
      { 'v1alpha1\n': 'v1\n' },
      '1:1: apiVersion: "pipelines.weave.works/v1": Write pipelines.weave.works/v1alpha1: ',
    ],
    [{ 'kind: Pipeline': 'kind: Pipline' }, '2:1: kind: "Pipline": Write Pipeline: '],
    [{ '  name: podinfo\n': '' }, '3:1: metadata.name: This field is required.'],
    [{ '  name: podinfo\n': '  name: Pod_Info\n' }, '4:3: metadata.name: "Pod_Info": Use lower case'],
    [{ 'namespace: demo': 'namespace: a.b' }, '5:3: metadata.namespace: "a.b": Use lower case'],
    [{ '  namespace: demo': '  lables: {}' }, '5:3: metadata.lables: Unknown field: did you mean labels?'],
    [{ 'spec:': 'specs:' }, '6:1: specs: Unknown field: did you mean spec?'],
    [{ '  promotion:': '  promotoin:' }, '18:3: spec.promotoin: Unknown field: did you mean promotion?'],
    [{ '  namespace: demo': '  x: {}' }, '5:3: metadata.x: Unknown field: remove it, or write one of '],
    [
      { 'notification: {}': 'notification: {token: hunter2}' },
      '20:22: spec.promotion.strategy.notification.token: Unknown field: this object has no fields',
    ],
    [{ '- namespace: podinfo-dev': '- cluster: x' }, '14:11: spec.environments[0].targets[0].cluster: '],
    [
      { '- namespace: podinfo-dev': '- {}' },
      '14:11: spec.environments[0].targets[0].namespace: This field is required.',
    ],
    [
      { 'name: hook': 'name: no' },
      '22:9: spec.promotion.strategy.secretRef.name: Write a text here, not true or false.',
    ],
    [{ 'name: dev': 'name: 1.0' }, '12:7: spec.environments[0].name: Write a text here, not a number.'],
  ])('with %j is refused where it stands', async (changes, start) => {
    const found = await errorsOf(pipelineYaml(changes));
    expect(found.filter((line) => line.startsWith(`-:${start}`))).toHaveLength(1);
    expect(found.join()).not.toContain('hunter2');
  });

  test('has all of its faults reported in the order of the text', async () => {
    const found = await errorsOf(
      pipelineYaml({
        'v1alpha1\n': 'v1beta1\n',
        'name: podinfo\n': 'name: "?"\n',
        'name: prod': 'name: dev',
        'notification: {}': 'notify: {}',
      }),
    );
    expect(found.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      '-:1:1: apiVersion',
      '-:4:3: metadata.name',
      '-:15:7: spec.environments[1].name',
      '-:19:5: spec.promotion.strategy',
      '-:20:7: spec.promotion.strategy.notify',
    ]);
  });

  test('of another group, or none, is no business of ours', async () => {
    const tekton = pipelineYaml({ 'pipelines.weave.works/v1alpha1': 'tekton.dev/v1', 'spec:': 'specs:' });
    expect((await validate(['-'], { input: tekton })).err).toBe('No Pipeline found in standard input.\n');
  });

  test('is found in a List, in JSON too', async () => {
    const item = (name: string) => ({
      apiVersion: 'pipelines.weave.works/v1alpha1',
      kind: 'Pipeline',
      metadata: { name, namespace: 'demo' },
    });
    const list = { apiVersion: 'v1', kind: 'List', items: [item('a'), item('b')] };
    const found = await errorsOf(JSON.stringify(list, null, '\t'));
    expect(found.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      '-:5:3: spec',
      '-:13:3: spec',
    ]);
  });

  test('that manages the application of another one is warned of, its own copy is not', async () => {
    const copy = pipelineYaml();
    const other = pipelineYaml({
      'name: podinfo\n': 'name: b\n',
      'namespace: podinfo-prod': 'namespace: elsewhere',
    });
    const found = await warningsOf(stream(HOOK_SECRET, pipelineYaml(), copy, other));
    const sentence = (name: string) =>
      `Pipeline demo/${name} also manages this application: two Pipelines would promote against each other.`;
    expect(found).toEqual([
      `-:22:11: warning: spec.environments[0].targets[0]: ${sentence('b')}`,
      `-:45:11: warning: spec.environments[0].targets[0]: ${sentence('b')}`,
      `-:68:11: warning: spec.environments[0].targets[0]: ${sentence('podinfo')}`,
    ]);
  });
});

describe('a Secret of the same input', () => {
  const secret = (from: Record<string, string>) =>
    Object.entries(from).reduce((text, [old, now]) => text.replace(old, now), HOOK_SECRET);
  const inData = (value: string) =>
    secret({ 'stringData:': 'data:', '0123456789abcdef0123456789abcdef': value });
  const NONE = undefined;
  const sealed = (key: string) =>
    `apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: hook, namespace: demo}\nspec: {encryptedData: {${key}: AgB=}}\n`;
  const external = (spec: string) =>
    `apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: made, namespace: demo}\nspec: ${spec}\n`;
  const unchecked = 'Secret demo/hook was not checked: It is not among the checked files.';

  test.each([
    ['with the key', HOOK_SECRET, NONE],
    ['with the key in data', inData(btoa('k'.repeat(32))), NONE],
    ['with a short key in data', inData(btoa('k'.repeat(8))), 'The hmac-key of Secret demo/hook has 8 bytes'],
    ['with a placeholder in data', inData('<filled in later>'), NONE],
    ['without the key', secret({ 'hmac-key': 'token' }), 'Secret demo/hook has no key hmac-key'],
    ['encrypted by SOPS', `${inData('ENC[AES256_GCM]')}sops: {version: 3.9.0}\n`, NONE],
    ['sealed', sealed('hmac-key'), NONE],
    ['sealed without the key', sealed('token'), 'Secret demo/hook has no key hmac-key'],
    ['that an ExternalSecret makes', external('{target: {name: hook}}'), NONE],
    ['that an ExternalSecret makes of its own name', external('{}'), unchecked],
    ['of another namespace', secret({ 'namespace: demo': 'namespace: else' }), unchecked],
    ['without a namespace', secret({ '  namespace: demo\n': '' }), unchecked],
  ])('%s counts as in the cluster', async (_, text, sentence) => {
    const { out, err } = await validate(['-'], { input: stream(text, pipelineYaml()) });
    if (sentence) expect(out + err).toContain(sentence);
    else expect(out + err).toBe('1 Pipeline in standard input: 0 errors, 0 warnings.\n');
  });

  test('is found when neither it nor the Pipeline has a namespace', async () => {
    const pipeline = pipelineYaml({ '  namespace: demo\n': '' });
    expect(await warningsOf(stream(pipeline, secret({ '  namespace: demo\n': '' })))).toEqual([]);
  });

  test('goes only to the hosts that its annotation allows', async () => {
    const pullRequest = `pull-request:
        type: github
        url: https://github.com/example/fleet
        baseBranch: main
        secretRef:
          name: hook`;
    const annotated = secret({
      '  namespace: demo':
        '  namespace: demo\n  annotations: {pipelines.weave.works/allowed-hosts: "git.example.com"}',
      'hmac-key:': 'token: t\n  hmac-key:',
    });
    const found = await errorsOf(stream(pipelineYaml({ 'notification: {}': pullRequest }), annotated));
    expect(found).toEqual([
      expect.stringContaining('pipelines.weave.works/allowed-hosts allows git.example.com.'),
    ]);
  });
});

describe('a kubeconfig of the same input', () => {
  const pipeline = pipelineYaml({
    'namespace: podinfo-prod': 'namespace: podinfo-prod\n          clusterRef: {kind: Secret, name: leaf}',
  });
  const kubeconfig = (server: string) => `apiVersion: v1
kind: Secret
metadata:
  name: leaf
  namespace: demo
stringData:
  kubeconfig: |
    current-context: c
    contexts: [{name: c, context: {cluster: k, user: u}}]
    clusters: [{name: k, cluster: {server: "${server}"}}]
    users: [{name: u, user: {token: hunter2}}]
`;
  const LEAF = 'https://leaf.example.com:6443';

  async function said(server: string, ...args: string[]): Promise<string[]> {
    const input = stream(pipeline, HOOK_SECRET, kubeconfig(server));
    return lines((await validate(['-', ...args], { input })).err).filter((line) =>
      line.includes('warning: '),
    );
  }

  test.each([
    [LEAF, []],
    [LEAF, ['--cluster-hosts', '*.example.com:6443']],
  ])('may lead to %s with %j', async (server, args) => {
    expect(await said(server, ...args)).toEqual([]);
  });

  test.each([
    [LEAF, ['--cluster-hosts', 'other.example.com'], 'which is not one of the hosts in --cluster-hosts'],
    ['https://127.0.0.1:6443', [], 'at a loopback, link-local or metadata address'],
    ['http://leaf.example.com', [], 'not reached by https'],
  ])('is warned of where it leads to %s with %j', async (server, args, problem) => {
    const [warning = '', ...more] = await said(server, ...args);
    expect(warning).toMatch(/^-:\d+:\d+: warning: spec\.environments\[1\]\.targets\[0\]\.clusterRef\.name: /);
    expect(warning).toContain('The kubeconfig in Secret demo/leaf has a server');
    expect(warning).toContain(problem);
    expect([more, warning.includes('hunter2')]).toEqual([[], false]);
  });
});

describe('--require-allowed-hosts', () => {
  const sent = pipelineYaml({
    'notification: {}':
      'pull-request: {type: github, url: "https://github.com/a/b", baseBranch: main, secretRef: {name: git}}',
  });
  const secret = (annotations: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: git, namespace: demo, annotations: ${annotations}}\nstringData: {token: t}\n`;
  const external = (annotations: string, target: string) =>
    `apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: git, namespace: demo, annotations: ${annotations}}\nspec: {target: ${target}}\n`;
  const listed = '{pipelines.weave.works/allowed-hosts: github.com}';
  const nowhere = expect.stringContaining(
    'Secret demo/git may not be sent anywhere: --require-allowed-hosts is set, and it has no annotation pipelines.weave.works/allowed-hosts.',
  );

  test.each([
    ['without the annotation', secret('{}'), [nowhere]],
    ['with it', secret(listed), []],
    ['with it encrypted', secret('{pipelines.weave.works/allowed-hosts: "ENC[x]"}'), []],
    ['that an ExternalSecret makes with its own annotations', external(listed, '{}'), []],
    ['that an ExternalSecret makes by a template', external(listed, '{template: {}}'), [nowhere]],
  ])('refuses a Secret %s as it should', async (_, text, errors) => {
    const input = stream(HOOK_SECRET, text, sent);
    const { code, out } = await validate(['-', '--require-allowed-hosts'], { input });
    expect({ code, errors: lines(out) }).toEqual({ code: errors.length, errors });
    expect((await validate(['-'], { input })).code).toBe(0);
  });
});

describe('a directory', () => {
  test('is walked for manifests in the order of names', async () => {
    const tree = createFolder();
    try {
      const bad = [
        tree.write('a/pipeline.yaml', BAD_NAME),
        tree.write('b.YML', BAD_NAME),
        tree.write('c/d/pipeline.json', '{"apiVersion":"pipelines.weave.works/v1alpha1","kind":"Pipeline"}'),
      ];
      for (const skipped of ['.git/x.yaml', 'node_modules/x.yaml', 'notes.txt', 'a/node_modules/b/x.yaml']) {
        tree.write(skipped, BAD_NAME);
      }
      symlinkSync(tree.path, join(tree.path, 'a', 'loop'));
      symlinkSync(join(tree.path, 'nowhere'), join(tree.path, 'dangling.yaml'));
      const { code, out, err } = await validate(['-f', tree.path]);
      expect(code).toBe(1);
      expect([...new Set(lines(out).map((line) => line.split(':')[0]))]).toEqual(bad);
      expect(err).toContain('3 Pipelines in 3 files: ');
    } finally {
      tree.remove();
    }
  });

  test('may hold templates and broken files that mention no Pipeline', async () => {
    const tree = createFolder();
    try {
      tree.write('chart/deployment.yaml', '{{- if .Values.on }}\nkind: Secret\n{{ end }}');
      tree.write('binary.json', new Uint8Array([0xff, 0xfe, 0, 1]));
      expect(await validate([tree.path])).toMatchObject({ code: 0, out: '' });
      const broken = tree.write('pipeline.yaml', `${pipelineYaml()}\n}`);
      expect((await validate([tree.path])).out).toStartWith(`${broken}:24:1: This is not YAML: `);
    } finally {
      tree.remove();
    }
  });

  test('has its patches skipped, in whatever way a kustomization names them', async () => {
    const tree = createFolder();
    const partial = 'apiVersion: pipelines.weave.works/v1alpha1\nkind: Pipeline\nmetadata: {name: podinfo}\n';
    try {
      tree.write('base/kustomization.yaml', 'patches:\n- path: ../patches/a.yaml\n- patch: |\n    a: b\n');
      tree.write('overlay/kustomization.yml', 'patchesStrategicMerge: [b.yaml, "a: 1\\nb: 2"]\n');
      tree.write('other/Kustomization', 'patches: [{path: c.yaml}]\n');
      const patches = ['patches/a.yaml', 'overlay/b.yaml', 'other/c.yaml'].map((name) =>
        tree.write(name, partial),
      );
      const { code, err } = await validate([tree.path]);
      expect({ code, err: lines(err) }).toEqual({
        code: 0,
        err: ['3 patches skipped.', `No Pipeline found in ${tree.path}.`],
      });
      // As pre-commit does it: the file alone, its kustomization beside it.
      expect((await validate([patches[1] ?? ''])).err).toStartWith('1 patch skipped.\n');
      expect((await validate([patches[0] ?? ''])).code).toBe(1);
    } finally {
      tree.remove();
    }
  });

  test('with too many or too large files is not passed over in silence', async () => {
    const tree = createFolder();
    try {
      for (const name of ['a', 'b', 'c']) tree.write(`${name}.yaml`, pipelineYaml());
      const many = await validate([tree.path, '--max-files', '2']);
      expect(many).toMatchObject({ code: 1 });
      expect(many.out).toBe(
        `${tree.path}:1:1: There are more than 2 files: name fewer, or raise --max-files. The others were not checked.\n`,
      );
      expect(many.err).toContain('2 Pipelines in 2 files');
      const large = await validate([tree.path, '--max-file-size', '100']);
      expect(large).toMatchObject({ code: 0, out: '' });
      expect(lines(large.err)).toHaveLength(4);
      expect((await validate([join(tree.path, 'a.yaml'), '--max-file-size', '100'])).code).toBe(1);
      expect((await validate(['-', '--max-file-size', '100'], { input: pipelineYaml() })).code).toBe(1);
    } finally {
      tree.remove();
    }
  });
});

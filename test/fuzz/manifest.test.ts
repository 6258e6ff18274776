import { expect, test } from 'bun:test';
import { stringify } from 'yaml';
import { createValidate } from '../../src/cli/validate/validate.ts';
import { mutateBytes } from './bytes.ts';
import { runCampaign, shorterTexts, timeoutOf } from './campaign.ts';
import { createOracle, type Oracle } from './oracle.ts';
import type { Random } from './random.ts';
import { anySpec, pipelineOf, SPECS } from './seeds.ts';
import { type Json, mutateTree } from './tree.ts';

const QUICK = 600;

interface Manifests {
  readonly bytes: Buffer;
  readonly json: boolean;
  /** What must be found faulty when the definition refuses it; absent when the bytes may say anything. */
  readonly spec?: Json;
}

const SECRETS = `---
apiVersion: v1
kind: Secret
metadata: {name: events, namespace: demo, annotations: {pipelines.weave.works/allowed-hosts: github.com}}
stringData: {hmac-key: &key "a key that signs events, 32 bytes or more"}
---
apiVersion: v1
kind: Secret
metadata:
  name: repository
  namespace: demo
data:
  token: dG9rZW4= # of the forge
  identity: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t
  known_hosts: YSBob3N0
`;

const TEXTS: readonly [string, ...string[]] = [
  `# the first\n${stringify(pipelineOf(SPECS[0]))}${SECRETS}`,
  `${SECRETS}---\n${stringify(pipelineOf(SPECS[1] ?? null))}...\n`,
  stringify({ apiVersion: 'v1', kind: 'List', items: [pipelineOf(SPECS[0]), pipelineOf(SPECS[1] ?? null)] }),
  `%YAML 1.2\n---\nbase: &base\n  namespace: one\n${stringify(pipelineOf(SPECS[0])).replaceAll('- namespace: podinfo-dev', '- <<: *base\n        clusterRef: &ref {kind: Secret, name: leaf}\n      - {namespace: two, clusterRef: *ref}')}`,
  `${JSON.stringify(pipelineOf(SPECS[1] ?? null), null, 1)}\n`,
];
const TOKENS = [
  'apiVersion: v1\n',
  'kind: Secret\n',
  '*base',
  '&base ',
  '<<: *base\n',
  '<<: [*base, *ref]\n',
  '!!binary ',
  '!!int ',
];

function mutant(random: Random): Manifests {
  const json = random.chance(0.3);
  if (random.chance(0.4)) return { bytes: mutateBytes(random.pick(TEXTS), random, TOKENS), json };
  const spec = mutateTree(anySpec(random), random);
  const text = random.chance(0.5)
    ? JSON.stringify(pipelineOf(spec))
    : stringify(pipelineOf(spec), { aliasDuplicateObjects: false });
  return { bytes: Buffer.from(`${text}\n${SECRETS}`), json, spec };
}

async function validate({ bytes, json }: Manifests) {
  const written: string[] = [];
  const command = createValidate({
    isTerminal: () => false,
    async *read() {
      yield bytes;
    },
  });
  const status = await command.run(json ? ['-o', 'json'] : [], {
    environment: {},
    out: (text) => void written.push(text),
    err: () => {},
    signal: new AbortController().signal,
  });
  return { status, out: written.join('') };
}

async function check(manifests: Manifests, oracle: Oracle): Promise<string> {
  const { status, out } = await validate(manifests);
  if (status !== 0 && status !== 1) throw new Error(`the exit status is ${status}`);
  const lines = manifests.bytes.toString().split('\n').length;
  if (manifests.json) checkJson(out, status);
  else checkText(out, { status, lines });
  const { spec } = manifests;
  const refused = spec === undefined ? undefined : oracle.refusesSpec(spec);
  if (status === 0 && refused !== undefined)
    throw new Error(`passed, though the definition refuses it: ${refused}`);
  if (spec === undefined) return status === 0 ? 'text passed' : 'text refused';
  return status === 0 ? 'spec passed' : 'spec refused';
}

function checkText(out: string, { status, lines }: { status: number; lines: number }): void {
  if ((out === '') !== (status === 0)) throw new Error('the exit status does not fit the lines');
  for (const line of out.split('\n').slice(0, -1)) {
    const [, number] = /^-:(\d+):\d+: ./.exec(line) ?? [];
    if (number === undefined) throw new Error(`a line has no place: ${line}`);
    if (Number(number) < 1 || Number(number) > lines) throw new Error(`there is no such line: ${line}`);
  }
}

function checkJson(out: string, status: number): void {
  const { errors, problems } = JSON.parse(out) as { errors: number; problems: { severity: string }[] };
  if (errors > 0 !== (status === 1)) throw new Error('the exit status does not fit the errors');
  const counted = problems.filter(({ severity }) => severity === 'error').length;
  if (counted !== errors) throw new Error('the errors are not counted right');
}

test(
  'turnpike validate judges whatever it is given, and passes nothing that the definition refuses',
  async () => {
    const oracle = await createOracle();
    const result = await runCampaign({
      name: 'manifests',
      quick: QUICK,
      mutant,
      check: (manifests) => check(manifests, oracle),
      show: ({ bytes }) => JSON.stringify(bytes.toString()),
      shrink: shorterManifests,
    });
    expect(result.faults).toEqual([]);
    expect(result.slowestMs).toBeLessThan(5000);
    expect(result.heapGrowth).toBeLessThan(20);
    expect(result.rssGrowth).toBeLessThan(150);
  },
  timeoutOf(QUICK),
);

function* shorterManifests(manifests: Manifests): Generator<Manifests> {
  if (manifests.spec !== undefined) return;
  for (const text of shorterTexts(manifests.bytes.toString()))
    yield { ...manifests, bytes: Buffer.from(text) };
}

import { expect, test } from 'bun:test';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import type { FluxEvent } from '../../src/api/event.ts';
import { type Pipeline, PipelineStatus, pipelineKey } from '../../src/api/pipeline.ts';
import { MAX_BODY_BYTES } from '../../src/http/body.ts';
import { parseStoredPipeline } from '../../src/observe/pipelines/stored-pipeline.ts';
import { at, event, pipeline, running, spec, withState } from '../fakes/pipeline.ts';
import { mutateBytes } from './bytes.ts';
import { runCampaign, shorterTexts, timeoutOf } from './campaign.ts';
import { type HookApp, hookApp, sign } from './hook-app.ts';
import { createOracle, type Oracle } from './oracle.ts';
import type { Random } from './random.ts';
import { TEXTS } from './tokens.ts';
import { mutateTree } from './tree.ts';

const QUICK = 3000;

interface Request {
  readonly start: Pipeline;
  /** Sent one after another; all but the last one are events as Flux sends them. */
  readonly bodies: readonly Buffer[];
  readonly environment: string;
  readonly signed: boolean;
  readonly prefer: string;
}

const REASONS = [
  'UpgradeSucceeded',
  'Progressing',
  'RollbackSucceeded',
  'UninstallSucceeded',
  'TestFailed',
] as const;
const REVISIONS = ['1.1.0', '1.0.0', 'main@sha1:0123456789abcdef'] as const;

function withNames(names: readonly string[], manual: boolean): Pipeline {
  const promotion = { ...spec().promotion, manual } as NonNullable<Pipeline['spec']['promotion']>;
  const environments = names.map((name) => ({ name, targets: [{ namespace: name.toLowerCase() }] }));
  return pipeline({ environments, promotion });
}

/** Names that JavaScript's objects have already are names of environments too. */
const STARTS: readonly [Pipeline, ...Pipeline[]] = [
  pipeline(),
  running({ dev: '1.0.0', staging: '1.0.0', prod: '0.9.0' }),
  withNames(['dev', 'staging', 'prod'], true),
  withNames(['dev', 'constructor', 'prototype', 'toString'], true),
  withNames(['constructor', 'dev', 'toString'], false),
  withState(running({ dev: '1.1.0' }), 'staging', {
    waitingApproval: { revision: '' },
    promotion: {
      revision: '1.0.0',
      phase: 'PullRequestOpen',
      pullRequest: { url: 'https://f/7', number: 7 },
    },
  }),
];

function goodEvent(environment: string, random: Random): FluxEvent {
  return event(
    {
      reason: random.pick([...REASONS, 'UpgradeSucceeded', 'UpgradeSucceeded']),
      timestamp: at(random.below(600) - 300),
      severity: random.chance(0.1) ? 'error' : 'info',
    },
    random.pick(REVISIONS),
    environment.toLowerCase(),
  );
}

/** Still an event, with odd texts where anything may stand. */
function oddEvent(good: FluxEvent, random: Random): FluxEvent {
  const field = random.pick(['reason', 'message', 'severity', 'timestamp', 'reportingController'] as const);
  const odd = { ...good, [field]: random.pick(TEXTS) };
  return random.chance(0.3) ? { ...odd, metadata: { revision: random.pick(TEXTS) } } : odd;
}

function lastBody(good: FluxEvent, random: Random): Buffer {
  const kind = random.below(10);
  const made = kind < 5 ? oddEvent(good, random) : good;
  const text = JSON.stringify(
    kind > 3 && kind < 8 ? mutateTree(JSON.parse(JSON.stringify(made)), random) : made,
  );
  return kind < 8 ? Buffer.from(text) : mutateBytes(text, random);
}

function mutant(random: Random): Request {
  const start = random.pick(STARTS);
  const environment = random.chance(0.97)
    ? (random.pickAny(start.spec.environments)?.name ?? '')
    : random.pick(TEXTS);
  const before = Array.from({ length: random.below(3) }, () => {
    return Buffer.from(JSON.stringify(goodEvent(environment, random)));
  });
  return {
    start,
    bodies: [...before, lastBody(goodEvent(environment, random), random)],
    environment: environment.slice(0, 100),
    signed: random.chance(0.9),
    prefer: random.chance(0.1)
      ? random.pick(['wait=1', 'wait=99999999999', 'wait="5"', 'wait=-1, wait', ';;,'])
      : '',
  };
}

/** What is written holds to the schema, to the definition, and is there when it is read again. */
function checkStatus(status: PipelineStatus, oracle: Oracle): void {
  const parsed = v.safeParse(PipelineStatus, status);
  if (!parsed.success) throw new Error(`recorded against the schema: ${v.getDotPath(parsed.issues[0])}`);
  const written = JSON.parse(JSON.stringify(status)) as unknown;
  const refused = oracle.refusesStatus(written);
  if (refused) throw new Error(`recorded against the definition: ${refused}`);
  const read = parseStoredPipeline({ metadata: { name: 'app', namespace: 'apps' }, status: written }).status;
  if (!isDeepStrictEqual(read, written)) throw new Error('what is recorded is not read again');
}

/** Sends one body and returns what it is called that became of it. */
async function deliver({ app, errors }: HookApp, request: Request, body: Buffer): Promise<string> {
  const { environment, signed, prefer } = request;
  const headers = { 'x-signature': sign(signed ? body : `${body}.`), ...(prefer && { prefer }) };
  const path = `/promotion/apps/app/${encodeURIComponent(environment.toWellFormed())}`;
  const response = await app.request(path, { method: 'POST', body, headers }, { source: '10.0.0.1' });
  const text = await response.text();
  if (errors.length > 0) throw new Error(`logged as an error: ${errors.join('')}`);
  if (response.status === 413 && body.length > MAX_BODY_BYTES) return '413';
  const expected = signed ? [200, 201, 202, 400, 404, 422] : [401, 404];
  if (!expected.includes(response.status))
    throw new Error(`${signed ? 'signed' : 'unsigned'}: ${response.status}`);
  if (response.status >= 400 && text.length > 1000) throw new Error('the refusal is long');
  if (response.status === 404) return '404';
  const { outcome } = JSON.parse(text) as { outcome?: string };
  return outcome ?? String(response.status);
}

test(
  'the promotion webhook answers whatever it is sent, and records only what holds to the schema',
  async () => {
    const oracle = await createOracle();
    const check = async (request: Request): Promise<string> => {
      const hook = hookApp(request.start);
      const words: string[] = [];
      for (const body of request.bodies) words.push(await deliver(hook, request, body));
      checkStatus(hook.store.get(pipelineKey('apps', 'app'))?.status ?? {}, oracle);
      return words.at(-1) ?? '';
    };
    const result = await runCampaign({
      name: 'hook bodies',
      quick: QUICK,
      mutant,
      check,
      show: ({ start, bodies, environment }) =>
        `${environment} of ${start.spec.environments.map(({ name }) => name)}: ${bodies.join('\n    then ')}`,
      shrink: shorterRequests,
    });
    expect(result.faults).toEqual([]);
    expect(result.slowestMs).toBeLessThan(5000);
    expect(result.heapGrowth).toBeLessThan(20);
    expect(result.rssGrowth).toBeLessThan(150);
  },
  timeoutOf(QUICK),
);

function* shorterRequests(request: Request): Generator<Request> {
  const { bodies } = request;
  if (bodies.length > 1) yield { ...request, bodies: bodies.slice(1) };
  const last = bodies.at(-1)?.toString() ?? '';
  for (const text of shorterTexts(last))
    yield { ...request, bodies: [...bodies.slice(0, -1), Buffer.from(text)] };
}

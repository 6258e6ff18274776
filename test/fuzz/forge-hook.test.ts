import { expect, test } from 'bun:test';
import * as v from 'valibot';
import { PipelineStatus, pipelineKey } from '../../src/api/pipeline.ts';
import { MAX_EVENT_BYTES } from '../../src/http/forge.ts';
import { FORGE_TYPES, type ForgeType } from '../../src/lib/forges/types.ts';
import { SECRET, SENDERS } from '../http/forge/deliveries.ts';
import { connect } from '../http/forge/hook-app.ts';
import { mutateBytes } from './bytes.ts';
import { runCampaign, timeoutOf } from './campaign.ts';
import type { Random } from './random.ts';
import { type Json, mutateTree } from './tree.ts';

const QUICK = 2000;
const TOKENS = ['Basic ', 'sha256=', 'v1,', ':', '=', '==', ' ', 'é', '\t'];

interface Request {
  readonly forge: ForgeType;
  readonly body: Buffer;
  /** As the forge would send it, or a mutant of that. */
  readonly headers: Headers;
  readonly isRight: boolean;
}

function mutantBody(forge: ForgeType, random: Random): Buffer {
  const { reported, ignored } = SENDERS[forge];
  const event = random.pickAny(Object.values(random.chance(0.7) ? reported : ignored)) ?? {};
  const kind = random.below(10);
  if (kind < 6) {
    return Buffer.from(JSON.stringify(mutateTree(JSON.parse(JSON.stringify(event)) as Json, random)));
  }
  return kind < 8 ? mutateBytes(JSON.stringify(event), random) : Buffer.from(JSON.stringify(event));
}

function mutantHeaders(right: Headers, random: Random): Headers {
  const headers = new Headers();
  for (const [name, value] of right) {
    const text = mutateBytes(value, random, TOKENS).toString('latin1');
    headers.set(name, text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 5000));
  }
  return headers;
}

/** Whatever the user's name is, and however the base64 is written. */
function knowsPassword(header: string): boolean {
  const pair = Buffer.from(header.replace(/^basic/i, ''), 'base64').toString();
  return pair.endsWith(`:${SECRET}`);
}

function mutant(random: Random): Request {
  const forge = random.pick(FORGE_TYPES);
  const body = mutantBody(forge, random);
  const right = new Headers(SENDERS[forge].prove(body, SECRET));
  const headers = random.chance(0.6) ? right : mutantHeaders(right, random);
  const isSame = [...right].every(([name, value]) => headers.get(name) === value);
  const isRight = isSame || (forge === 'azure-devops' && knowsPassword(headers.get('authorization') ?? ''));
  return { forge, body, headers, isRight };
}

/** Base64 that is written in an unusual way may be refused. */
function allowed({ forge, body, isRight }: Request): number[] {
  // Limits come first; who shows no proof at all is refused before its body is looked at.
  if (body.length > MAX_EVENT_BYTES) return isRight ? [413] : [401, 413];
  if (!isRight) return [401];
  return forge === 'azure-devops' ? [200, 202, 400, 401] : [200, 202, 400];
}

async function check(request: Request): Promise<string> {
  const { forge, body, headers } = request;
  const { send, store, lines } = connect({ forge });
  const response = await send(`/forge/${forge}/apps/app`, { method: 'POST', body, headers });
  const text = await response.text();
  const logged = lines.join('');
  if (logged.includes('"level":"error"')) throw new Error(`logged as an error: ${logged}`);
  if (logged.includes(SECRET)) throw new Error('the secret is logged');
  if (!allowed(request).includes(response.status)) throw new Error(`${response.status}: ${text}`);
  const status = store.get(pipelineKey('apps', 'app'))?.status;
  if (!v.is(PipelineStatus, status)) throw new Error('what is recorded is against the schema');
  if (response.status !== 202 && store.writes() > 0) throw new Error('it wrote and did not say so');
  const { outcome } = JSON.parse(text) as { outcome?: string };
  return outcome ?? String(response.status);
}

test(
  "the forges' webhook answers whatever it is sent, and to nobody who does not know the secret",
  async () => {
    const result = await runCampaign({
      name: 'forge webhooks',
      quick: QUICK,
      mutant,
      check,
      show: ({ forge, body, headers }) => `${forge} ${JSON.stringify([...headers])}: ${body}`,
    });
    expect(result.faults).toEqual([]);
    expect(result.slowestMs).toBeLessThan(5000);
    expect(result.heapGrowth).toBeLessThan(20);
    expect(result.rssGrowth).toBeLessThan(150);
  },
  timeoutOf(QUICK),
);

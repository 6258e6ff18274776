import { expect, test } from 'bun:test';
import { event, pipeline } from '../fakes/pipeline.ts';
import { mutateBytes } from './bytes.ts';
import { runCampaign, timeoutOf } from './campaign.ts';
import { hookApp, KEY, PREVIOUS, sign } from './hook-app.ts';
import type { Random } from './random.ts';

const QUICK = 10_000;
const BODY = JSON.stringify(event());
const ALGORITHMS = ['sha224', 'sha256', 'sha384', 'sha512'] as const;

/** All that may pass: lower-case hexadecimal digits of the exact body with one of the two keys. */
const RIGHT = new Set(
  [KEY, PREVIOUS].flatMap((key) => ALGORITHMS.map((algorithm) => sign(BODY, algorithm, key))),
);
const OTHERS = [
  sign(BODY, 'sha1'),
  sign(BODY, 'md5'),
  sign(`${BODY} `),
  sign(BODY, 'sha256', ''),
  sign(''),
] as const;
const TOKENS = [
  '=',
  'sha256=',
  'sha512',
  'SHA256',
  'sha-256',
  '0',
  'f',
  'F',
  ',',
  '0x',
  ' ',
  '\t',
  '\0',
  'é',
  'constructor',
];

/** A value that a header can have; a request without one is a mutant too. */
function mutant(random: Random): string | undefined {
  const kind = random.below(20);
  if (kind === 0) return undefined;
  const right = random.pickAny([...RIGHT]) ?? '';
  if (kind === 1) return right;
  if (kind === 2) return random.pick([...OTHERS]);
  if (kind === 3) return right.toUpperCase();
  if (kind === 4) return `${random.pick([...ALGORITHMS, 'toString'])}=${right.split('=')[1]}`;
  const bytes = mutateBytes(right, random, TOKENS);
  return bytes
    .toString('latin1')
    .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '')
    .slice(0, 10_000);
}

test(
  'only the right signature passes, however near another one comes',
  async () => {
    const { app, errors } = hookApp(pipeline());
    const check = async (signature: string | undefined): Promise<string> => {
      const headers = new Headers(signature === undefined ? {} : { 'x-signature': signature });
      const isRight = RIGHT.has(headers.get('x-signature') ?? '');
      const init = { method: 'POST', body: BODY, headers };
      const response = await app.request('/promotion/apps/app/dev', init, { source: '10.0.0.1' });
      if (errors.length > 0) throw new Error(`logged as an error: ${errors.splice(0).join('')}`);
      if (isRight && response.status >= 300) throw new Error(`right, and the status is ${response.status}`);
      if (!isRight && response.status !== 401) throw new Error(`wrong, and the status is ${response.status}`);
      return String(response.status);
    };
    const result = await runCampaign({
      name: 'signatures',
      quick: QUICK,
      mutant,
      check,
      show: (signature) => JSON.stringify(signature) ?? 'no header',
    });
    expect(result.faults).toEqual([]);
    expect(result.heapGrowth).toBeLessThan(20);
    expect(result.rssGrowth).toBeLessThan(150);
  },
  timeoutOf(QUICK),
);

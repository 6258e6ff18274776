import { describe, expect, test } from 'bun:test';
import { refusedMerge } from '../../../../src/lib/forges/merge.ts';
import { forgeFailure, forgeUnreachable, forgeWords } from '../../../../src/lib/forges/request/failure.ts';
import type { ForgeContext } from '../../../../src/lib/forges/request/types.ts';
import { answerProblem, type Remote, serverWords, unusable } from '../../../../src/lib/git/failure.ts';
import { parseStatus } from '../../../../src/lib/kube/client/status.ts';
import { cut, MAX_QUOTED, oneLine } from '../../../../src/lib/text/text.ts';
import { createFluxEvents } from '../../../../src/promote/notification/flux-events.ts';
import { failureOf } from '../../../fakes/failure.ts';

/** What others answer, where it is shown to people. */

const SECRET = 'hunter2-hunter2';
const HOSTILE = `first\u001b[31m\u0007 line\r\n\u2028second\u202e${SECRET}\u2066\u200b\ufeff \ud800${'x'.repeat(60_000)}`;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const remote: Remote = { name: 'https://git.example/a', credentials: { token: SECRET } };
const context: ForgeContext = {
  provider: 'github',
  name: 'GitHub',
  host: 'github.com',
  repository: 'acme/fleet',
  secrets: [SECRET],
  account: 'a',
};
const NOW = new Date('2026-11-29T12:00:00Z');

function forge(status: number, data: unknown, headers = {}): string {
  const answer = { status, data, headers: new Headers(headers) };
  return forgeFailure('create', answer, context, NOW).message;
}

const ANSWER = { status: 405, data: '', headers: new Headers() };

function merge(words: string): string {
  const outcome = refusedMerge(context, words);
  return outcome.kind === 'not-yet' ? outcome.reason : '';
}

async function git(status: number, text: string, headers = {}): Promise<string> {
  return (await answerProblem(new Response(text, { status, headers }), remote))?.message ?? '';
}

async function flux(text: string): Promise<string> {
  const events = createFluxEvents({
    address: 'http://notification-controller',
    instance: 'turnpike-0',
    fetch: async () => new Response(text, { status: 500 }),
  });
  const regarding = { apiVersion: 'v1', kind: 'Pipeline', namespace: 'a', name: 'b', uid: 'c' };
  const event = { severity: 'info', reason: 'Promote', message: 'm', metadata: {}, token: 't' } as const;
  return (await failureOf(events?.post({ ...event, regarding, at: NOW }) ?? Promise.resolve())).message;
}

describe('what is quoted', () => {
  const places: readonly (readonly [string, () => string | Promise<string>])[] = [
    ['of a Git server that fails', () => git(500, HOSTILE)],
    ['of a Git server that refuses the credentials', () => git(403, HOSTILE)],
    ['of a Git server that has no such repository', () => git(404, HOSTILE)],
    [
      'of where a Git server redirects to',
      () => git(302, '', { location: `https://a/${'y'.repeat(3_000)}` }),
    ],
    ['of what a Git server says of a push', () => serverWords(HOSTILE, remote)],
    ['of an answer of a Git server that cannot be used', () => unusable(new Error(HOSTILE), remote).message],
    ['of a forge that says why', () => forge(422, { message: HOSTILE, errors: [{ message: HOSTILE }] })],
    ['of a forge that answers with a text', () => forge(500, HOSTILE)],
    ['of where a forge redirects to', () => forge(301, '', { location: `https://a/${'y'.repeat(3_000)}` })],
    ['of a forge that was not reached', () => forgeUnreachable('get', new Error(HOSTILE), context).message],
    ['of why a forge does not merge', () => merge(forgeWords({ ...ANSWER, data: HOSTILE }, [SECRET]))],
    ['of an API server', () => parseStatus(500, JSON.stringify({ message: HOSTILE }), null).message],
    ['of what comes in place of an API server', () => parseStatus(500, HOSTILE, null).message],
    ['of notification-controller', () => flux(HOSTILE)],
  ];

  test.each(places)('%s is one line of 500 characters at most', async (_, said) => {
    const message = await said();
    expect(message).not.toMatch(UNSEEN);
    expect(message).toMatch(/x{100}|y{100}/);
    // The rest is the sentence around it.
    expect(message.length).toBeLessThanOrEqual(MAX_QUOTED + 250);
  });

  test.each(places.slice(0, 11))('%s has no secret in it', async (_, said) => {
    expect(await said()).not.toContain(SECRET);
  });

  test.each(['Because of\u202e it', 'two words', 'x'.repeat(65), ''])('as a reason is not %p', (reason) => {
    expect(parseStatus(500, JSON.stringify({ reason, message: 'm' }), null).reason).toBe('');
  });
});

test.each([
  ['a\tb\r\n\u0085c', 'a b c'],
  ['\u202edrow\u2069', 'drow'],
  ['zero\u200bwidth\ufeff', 'zerowidth'],
  ['\u2028a\u2029b ', 'a b'],
  ['\ud800', '\ufffd'],
  ['größer als 日本語', 'größer als 日本語'],
])('%p is shown as %p', (text, line) => {
  expect(oneLine(text)).toBe(line);
});

test('all that keeps a forge from merging is bounded together', () => {
  expect(merge(`blocked\u202e; ${'x'.repeat(2_000)}`)).toMatch(
    /^GitHub does not merge .* \(blocked; x{490}…\)\.$/,
  );
});

test('a text that is cut stays well formed', () => {
  expect(cut(`${'x'.repeat(8)}😀😀`, 10)).toBe(`${'x'.repeat(8)}…`);
  expect(cut('\ud800 and more', 5)).toBe('\ufffd an…');
});

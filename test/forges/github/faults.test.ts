import { describe, expect, test } from 'bun:test';
import type { TurnpikeError } from '../../../src/lib/errors.ts';
import type { Forge } from '../../../src/lib/forges/port.ts';
import { createRateLimits } from '../../../src/lib/forges/request/limits.ts';
import { startBrokenServer } from '../../fakes/broken-server.ts';
import { failureOf } from '../../fakes/failure.ts';
import { FAKE_TOKEN, type Fault } from '../../fakes/github.ts';
import { createFakeLog } from '../../fakes/log.ts';
import { hastyOutbound, loopbackOutbound } from '../../fakes/outbound.ts';
import { INPUT } from '../pulls.ts';
import { type ForgeOptions, forgeStage } from '../stage.ts';

const stage = forgeStage('github');

const NOW = new Date('2026-11-21T12:00:00Z');
const { log, lines } = createFakeLog();

/** By the lines and the clock of these tests. */
function forge(options: ForgeOptions = {}): Forge {
  return stage.forge({ log, now: () => NOW, ...options });
}

const message = (text: string) => ({ message: text, documentation_url: 'https://docs.github.com/rest' });
const reset = String(NOW.getTime() / 1000 + 90);

const FAULTS: readonly [string, Fault, Partial<TurnpikeError>, RegExp][] = [
  [
    'bad credentials',
    { status: 401, body: message('Bad credentials') },
    { code: 'ForgeUnauthorized', retry: 'never' },
    /answered 401 \(Bad credentials\): put a valid token/,
  ],
  [
    'a missing right',
    { status: 403, body: message('Resource not accessible by personal access token') },
    { code: 'ForgeUnauthorized', retry: 'never' },
    /answered 403 \(Resource not accessible by personal access token\): give the token the right/,
  ],
  [
    'the primary rate limit',
    {
      status: 403,
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
      body: message('API rate limit exceeded for user ID 1.'),
    },
    { code: 'ForgeRateLimited', retry: { afterSeconds: 90 } },
    /the next attempt is in 90 s/,
  ],
  [
    'the secondary rate limit with a time',
    {
      status: 429,
      headers: { 'retry-after': '30' },
      body: message('You have exceeded a secondary rate limit.'),
    },
    { code: 'ForgeRateLimited', retry: { afterSeconds: 30 } },
    /the next attempt is in 30 s/,
  ],
  [
    'the secondary rate limit without a time',
    { status: 403, body: message('You have exceeded a secondary rate limit. Please wait a few minutes.') },
    { code: 'ForgeRateLimited', retry: { afterSeconds: 60 } },
    /the next attempt is in 60 s/,
  ],
  [
    'an unknown repository',
    { status: 404, body: message('Not Found') },
    { code: 'ForgeNotFound', retry: 'never' },
    /acme\/fleet, answered 404 .* the token lacks the right to see it/,
  ],
  [
    'a repository that has moved',
    {
      status: 301,
      headers: { location: 'https://h/api/v3/repositories/1/pulls?t=x' },
      body: message('Moved Permanently'),
    },
    { code: 'ForgeNotFound', retry: 'never' },
    /the repository has moved: open its page, which leads to the new name; put its new URL/,
  ],
  [
    'a validation that fails',
    {
      status: 422,
      body: {
        ...message('Validation Failed'),
        errors: [{ resource: 'PullRequest', field: 'base', code: 'invalid' }],
      },
    },
    { code: 'ForgeRefused', retry: 'never' },
    /answered 422 \(Validation Failed; base is invalid\)\.$/,
  ],
  [
    'a branch that is not seen yet',
    {
      status: 422,
      body: {
        ...message('Validation Failed'),
        errors: [{ resource: 'PullRequest', field: 'head', code: 'invalid' }],
      },
    },
    { code: 'ForgeUnavailable', retry: 'backoff' },
    /head is invalid/,
  ],
  [
    'a branch that was merged meanwhile',
    {
      status: 422,
      body: {
        ...message('Validation Failed'),
        errors: [{ code: 'custom', message: 'No commits between main and x' }],
      },
    },
    { code: 'ForgeUnavailable', retry: 'backoff' },
    /No commits between main and x/,
  ],
  [
    'a page instead of an answer',
    { status: 502, headers: { 'content-type': 'text/html' }, body: '<html><body>Bad gateway</body></html>' },
    { code: 'ForgeUnavailable', retry: 'backoff' },
    /answered 502: it is tried again/,
  ],
  [
    'maintenance',
    { status: 503, headers: { 'retry-after': '120' }, body: message('Down for maintenance') },
    { code: 'ForgeUnavailable', retry: { afterSeconds: 120 } },
    /answered 503 \(Down for maintenance\)/,
  ],
  [
    'a conflict',
    { status: 409, body: message('Conflict') },
    { code: 'ForgeUnavailable', retry: 'backoff' },
    /answered 409 \(Conflict\)/,
  ],
  [
    'an answer of some other program',
    { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' },
    { code: 'ForgeUnavailable', retry: 'backoff' },
    /does not fit its API \(wrong: all of it\)/,
  ],
  [
    'a pull request whose page is a script',
    {
      status: 201,
      body: {
        number: 1,
        html_url: 'javascript:alert(1)',
        state: 'open',
        title: '',
        base: { ref: 'a', repo: { id: 1 } },
        head: { ref: 'b' },
      },
    },
    { code: 'ForgeUnavailable', retry: 'backoff' },
    /does not fit its API \(wrong: html_url\)/,
  ],
];

describe('a failure of GitHub', () => {
  for (const [name, fault, expected, sentence] of FAULTS) {
    test(`reports ${name}`, async () => {
      stage.host.fail(fault);

      const failure = await failureOf(forge().create(INPUT));

      expect(failure).toMatchObject(expected);
      expect(failure.message).toMatch(sentence);
      expect(stage.seen().map(({ code }) => code)).toEqual([String(fault.status)]);
    });
  }

  test('never shows the token, even when GitHub echoes it, and keeps to one bounded line', async () => {
    stage.host.fail({ status: 422, body: message(`refused ${FAKE_TOKEN}\nX: ${'long '.repeat(500)}`) });

    const failure = await failureOf(forge().create(INPUT));

    expect(failure.message).toContain('refused *** X: long');
    expect(failure.message).not.toContain(FAKE_TOKEN);
    expect(failure.message).not.toContain('\n');
    expect(failure.message.length).toBeLessThan(600);
    expect(lines.join('')).not.toContain(FAKE_TOKEN);
  });

  test('is a refused token when the token is wrong', async () => {
    const failure = await failureOf(forge({ token: 'ghp_wrong' }).create(INPUT));

    expect(failure).toMatchObject({ code: 'ForgeUnauthorized', retry: 'never' });
  });

  test('is held back from the next request of the same token, not of another', async () => {
    let now = NOW;
    const clock = () => now;
    const deps = { now: clock, limits: createRateLimits(clock) };
    const withToken = (token: string) => forge({ token, ...deps });
    stage.host.fail({ status: 429, headers: { 'retry-after': '30' }, body: message('Slow down') });
    await failureOf(withToken(FAKE_TOKEN).create(INPUT));

    const held = await failureOf(withToken(FAKE_TOKEN).get(1));
    const other = await failureOf(withToken('another').get(1));
    now = new Date(NOW.getTime() + 31_000);

    expect(held).toMatchObject({ code: 'ForgeRateLimited', retry: { afterSeconds: 30 } });
    expect(other.code).toBe('ForgeUnauthorized');
    expect(stage.host.requests).toHaveLength(2);
    expect(await withToken(FAKE_TOKEN).get(1)).toBeUndefined();
  });

  for (const kind of ['cut', 'silence'] as const) {
    test(`is unavailable when the answer is ${kind}`, async () => {
      const server = await startBrokenServer(kind);
      const deps = { outbound: hastyOutbound(loopbackOutbound(), 300) };

      const failure = await failureOf(forge({ url: `${server.origin}/acme/fleet`, ...deps }).create(INPUT));
      server.stop();

      expect(failure).toMatchObject({ code: 'ForgeUnavailable', retry: 'backoff' });
      expect(failure.message).toContain('could not be asked to open the pull request in acme/fleet');
      expect(stage.seen().map(({ code }) => code)).toEqual(['error']);
    });
  }

  test('is a host that is not allowed when the outbound client refuses it', async () => {
    const failure = await failureOf(forge({ url: 'https://127.0.0.2/acme/fleet' }).create(INPUT));

    expect(failure.code).toBe('HostNotAllowed');
  });
});

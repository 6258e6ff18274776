import { describe, expect, test } from 'bun:test';
import { DEFAULT_RETRY, type ErrorCode, TurnpikeError } from '../../../src/lib/errors.ts';

/** Only a person can mend these. */
const NEVER: readonly ErrorCode[] = [
  'ApiRefused',
  'ConfigInvalid',
  'ForgeNotFound',
  'ForgeRefused',
  'ForgeUnauthorized',
  'GitBranchNotFound',
  'GitRejected',
  'GitRepositoryNotFound',
  'GitTooLarge',
  'GitUnauthorized',
  'HostNotAllowed',
  'MarkerNotFound',
  'NothingNew',
  'SecretInvalid',
  'SecretNotFound',
  'SpecInvalid',
];

/** These clear by themselves. */
const BACKOFF: readonly ErrorCode[] = [
  'ApiBusy',
  'ApiConflict',
  'ApiForbidden',
  'ApiGone',
  'ApiNotFound',
  'ApiUnavailable',
  'ForgeRateLimited',
  'ForgeUnavailable',
  'GitUnavailable',
  'NotLeading',
  'NotificationFailed',
];

describe('what to do after an error', () => {
  test('every code says it, and none changes unseen', () => {
    const never = NEVER.map((code) => [code, 'never']);
    const backoff = BACKOFF.map((code) => [code, 'backoff']);
    expect(DEFAULT_RETRY).toEqual(Object.fromEntries([...never, ...backoff]));
  });

  test.each([
    ['what its code says', undefined, 'never'],
    ['what the throw says', { retry: 'backoff' }, 'backoff'],
    ['the seconds that the other side asked for', { retry: { afterSeconds: 7 } }, { afterSeconds: 7 }],
  ] as const)('is %s', (_, options, retry) => {
    expect(new TurnpikeError('SecretInvalid', 'It has no key.', options).retry).toEqual(retry);
  });

  test('is kept apart from the cause', () => {
    const cause = new Error('ENOENT');
    const error = new TurnpikeError('ConfigInvalid', 'The file is not there.', { cause });
    expect([error.retry, error.cause]).toEqual(['never', cause]);
  });
});

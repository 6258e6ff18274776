import { describe, expect, test } from 'bun:test';
import { pushAdvice } from '../../../../src/promote/branch/push-advice.ts';

const refused = { branch: 'promotion-prod', form: undefined } as const;

describe('what to do about a refused push', () => {
  test.each([
    ['branch-name', 'pull-request.branch'],
    ['commit-message', 'templates.commit'],
    ['person', 'commit.author'],
    ['signature', 'signing-key'],
  ] as const)('names the field for a rule about the %s', (about, field) => {
    expect(pushAdvice({ ...refused, kind: 'rule', about })).toContain(field);
  });

  test('names the right for what is declined', () => {
    expect(pushAdvice({ ...refused, kind: 'declined' })).toBe(
      "Allow Turnpike's user to push to promotion-prod.",
    );
    expect(pushAdvice({ ...refused, kind: 'declined', form: 'on-top' })).toContain(', by force too');
  });

  test('names what else helps where no force push is taken', () => {
    expect(pushAdvice({ ...refused, kind: 'force', form: 'forced' })).toContain('or delete the branch');
    expect(pushAdvice({ ...refused, kind: 'force', form: 'forced-only' })).toContain('or set mergeMethod');
  });

  test('is nothing where none of these helps', () => {
    expect(pushAdvice({ ...refused, kind: 'rule' })).toBeUndefined();
    expect(pushAdvice({ ...refused, kind: 'passing' })).toBeUndefined();
  });
});

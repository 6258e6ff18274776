import { expect, test } from 'bun:test';
import { eventName } from '../../../../src/lib/kube/index.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';

test.each([
  ['app', undefined, 'app.0123456789abcdef'],
  ['app', 'promote', 'app.promote.0123456789abcdef'],
  [`${'a'.repeat(253)}`, undefined, `${'a'.repeat(200)}.0123456789abcdef`],
  [`${'a'.repeat(198)}-.b`, 'promote', `${'a'.repeat(198)}.promote.0123456789abcdef`],
])('an Event of %s has a name that the API server accepts', (object, word, name) => {
  expect(eventName(object, TOKEN, word)).toBe(name);
});

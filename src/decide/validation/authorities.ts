import {
  AUTHORITY_KEYS,
  authoritiesIn,
  authoritiesProblem,
  authoritiesWarning,
  MAX_VALUE_BYTES,
} from '../../lib/net/pure.ts';
import type { SecretData } from './referenced-objects.ts';
import { hasText, textOf } from './secrets/secret-text.ts';

/** The sentence for a fault that keeps a Secret's certificate authority from being used at all. */
export function authorityFault(secret: string, data: SecretData): string | undefined {
  const { key, value } = authorityIn(data) ?? {};
  if (key === undefined || value === undefined) return undefined;
  if (value.length > MAX_VALUE_BYTES) {
    return `${secret} has a key ${key} of more than ${MAX_VALUE_BYTES} bytes.`;
  }
  return authoritiesProblem(secret, key, authoritiesIn(textOf(value)));
}

/** The sentence for a doubtful certificate authority, by the rule for the data of a Secret. */
export function authorityWarning(secret: string, data: SecretData | undefined, now: Date | undefined) {
  const { key, value } = (data && authorityIn(data)) ?? {};
  if (key === undefined || value === undefined || value.length > MAX_VALUE_BYTES) return undefined;
  const message = authoritiesWarning(secret, key, authoritiesIn(textOf(value)), now);
  return message === undefined ? undefined : { rule: 'secret-keys' as const, message };
}

/** The value in use; undefined if it is encrypted. */
function authorityIn(data: SecretData) {
  const key = AUTHORITY_KEYS.find((one) => hasText(data, one));
  const value = key && data.get(key);
  return value === undefined || value === 'sealed' ? undefined : { key, value };
}

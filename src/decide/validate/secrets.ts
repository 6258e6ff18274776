import { HMAC_KEY, HMAC_KEY_PREVIOUS } from '../../api/group.ts';
import type { ForgeType, PipelineSpec } from '../../api/pipeline.ts';
import type { FieldProblem } from './problem.ts';
import { promotionsOf } from './promotions.ts';

/** A Secret in the Pipeline's namespace that the spec names, and what for. */
export interface SecretNeed {
  readonly field: string;
  readonly name: string;
  readonly use: 'hmac' | 'forge';
  /** Of `forge`: whether its API can be used with `token` alone. */
  readonly tokenRequired: boolean;
}

export type SecretData = ReadonlyMap<string, Uint8Array>;

/** Below this, a key can be guessed. */
const MIN_HMAC_BYTES = 16;
/** As many as SHA-256 puts out (RFC 2104, section 3). */
const GOOD_HMAC_BYTES = 32;
const TOKEN_FORGES: readonly ForgeType[] = ['github', 'gitea'];

/** Every Secret that the spec names, once for each use of it. */
export function secretNeeds(spec: PipelineSpec): SecretNeed[] {
  const needs = promotionsOf(spec).flatMap(({ field, promotion: { strategy } }) => [
    ...(strategy.secretRef ? [hmacNeed(strategy.secretRef.name, `${field}.strategy.secretRef.name`)] : []),
    ...(strategy['pull-request']
      ? [forgeNeed(strategy['pull-request'], `${field}.strategy.pull-request`)]
      : []),
  ]);
  const byUse = new Map<string, SecretNeed>();
  for (const need of needs) {
    const key = `${need.use}/${need.name}/${need.tokenRequired}`;
    if (!byUse.has(key)) byUse.set(key, need);
  }
  return [...byUse.values()];
}

function hmacNeed(name: string, field: string): SecretNeed {
  return { field, name, use: 'hmac', tokenRequired: false };
}

function forgeNeed(pullRequest: { type: ForgeType; secretRef: { name: string } }, field: string): SecretNeed {
  const tokenRequired = TOKEN_FORGES.includes(pullRequest.type);
  return { field: `${field}.secretRef.name`, name: pullRequest.secretRef.name, use: 'forge', tokenRequired };
}

/**
 * Why this Secret cannot serve; `data` is undefined when there is no such Secret. The sentences name keys
 * and never their values.
 */
export function secretProblems(
  need: SecretNeed,
  namespace: string,
  data: SecretData | undefined,
): FieldProblem[] {
  const secret = `Secret ${namespace}/${need.name}`;
  const message = data ? contentProblem(need, secret, data) : missingSecret(need, secret);
  return message ? [{ field: need.field, value: need.name, message }] : [];
}

/** What is weak about a Secret that serves. */
export function secretWarnings(need: SecretNeed, namespace: string, data: SecretData): FieldProblem[] {
  const bytes = data.get(HMAC_KEY)?.length ?? 0;
  if (need.use !== 'hmac' || bytes >= GOOD_HMAC_BYTES || bytes < MIN_HMAC_BYTES) return [];
  const message = `The ${HMAC_KEY} of Secret ${namespace}/${need.name} has ${bytes} bytes: ${GOOD_HMAC_BYTES} or more are good, such as from "openssl rand -hex 32".`;
  return [{ field: need.field, value: need.name, message }];
}

function missingSecret(need: SecretNeed, secret: string): string {
  const key = need.use === 'hmac' ? HMAC_KEY : 'token';
  return `${secret} does not exist: create it there, with the key ${key}.`;
}

function contentProblem(need: SecretNeed, secret: string, data: SecretData): string | undefined {
  if (need.use === 'forge') return forgeProblem(need, secret, data);
  if (!data.has(HMAC_KEY))
    return `${secret} has no key ${HMAC_KEY}: put the key there that Flux's Provider signs with.`;
  return weakKey(secret, HMAC_KEY, data) ?? weakKey(secret, HMAC_KEY_PREVIOUS, data);
}

function weakKey(secret: string, key: string, data: SecretData): string | undefined {
  const bytes = data.get(key)?.length;
  if (bytes === undefined || bytes >= MIN_HMAC_BYTES) return undefined;
  return `The ${key} of ${secret} has ${bytes} bytes and can be guessed: use ${GOOD_HMAC_BYTES} or more, such as from "openssl rand -hex 32".`;
}

function forgeProblem(need: SecretNeed, secret: string, data: SecretData): string | undefined {
  const token = hasText(data, 'token');
  const [username, password] = [hasText(data, 'username'), hasText(data, 'password')];
  if (need.tokenRequired && !token) {
    return `${secret} has no key token: put a token there that may open pull requests.`;
  }
  if (username !== password) {
    const [given, absent] = username ? ['username', 'password'] : ['password', 'username'];
    return `${secret} has the key ${given} but no ${absent}: Git needs both, or neither to use the token.`;
  }
  if (token || username) return undefined;
  return `${secret} has neither a token nor username and password: put them there.`;
}

/** Blanks and line ends are not counted: the reader of these keys drops them. */
function hasText(data: SecretData, key: string): boolean {
  return new TextDecoder().decode(data.get(key) ?? new Uint8Array()).trim() !== '';
}

import * as v from 'valibot';
import { createCache, type Soon } from '../../async/index.ts';
import { parseFirst } from '../../first-fault.ts';
import type { KubeClient } from '../client/transport.ts';

/** The user who asks, as the API server's authentication has it (authentication.k8s.io/v1, UserInfo). */
export interface UserInfo {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** An object that somebody wants to read. */
export interface ObjectAttributes {
  /** Empty for the core group. */
  readonly group: string;
  /** The plural. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** Rights of others, as the API server says (SubjectAccessReview). */
export interface SubjectAccess {
  /**
   * Tells whether this user may `get` the object; at once where that was asked lately. Nobody without a name may.
   * @throws TurnpikeError as a rejection: the API server gives no answer
   */
  mayGet(user: UserInfo, object: ObjectAttributes): Soon<boolean>;
}

export interface SubjectAccessOptions {
  readonly now?: () => Date;
}

const PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const KEPT_MS = 10_000;
const MAX_KNOWN = 10_000;
const TIMEOUT_MS = 2000;
/** Bound of the user in JSON: a thousand groups, and each question sends them along. */
const MAX_USER = 64 * 1024;

const Answer = v.object({
  status: v.object({ allowed: v.boolean(), denied: v.optional(v.boolean(), false) }),
});

interface KnownRight {
  readonly allowed: boolean;
  /** Time of the question, in milliseconds. */
  readonly at: number;
}

/** An answer is believed for ten seconds. */
export function createSubjectAccess(
  client: KubeClient,
  { now = () => new Date() }: SubjectAccessOptions = {},
): SubjectAccess {
  const at = () => now().getTime();
  const answers = createCache<KnownRight>({
    max: MAX_KNOWN,
    ttlMs: (answer) => KEPT_MS - (at() - answer.at),
    now: at,
  });
  const digests = new WeakMap<UserInfo, string | undefined>();

  /** A user is hashed once for all that is asked about them; undefined for one who is too large. */
  function digestOf(user: UserInfo): string | undefined {
    if (digests.has(user)) return digests.get(user);
    const text = JSON.stringify(user);
    const digest =
      text.length > MAX_USER ? undefined : new Bun.CryptoHasher('sha256').update(text).digest('base64');
    digests.set(user, digest);
    return digest;
  }

  function mayGet(user: UserInfo, object: ObjectAttributes): Soon<boolean> {
    const who = user.username === '' ? undefined : digestOf(user);
    if (who === undefined) return false;
    const key = JSON.stringify([who, object.group, object.resource, object.namespace, object.name]);
    const answer = answers.get(key, () => ask(user, object));
    return answer instanceof Promise ? answer.then(({ allowed }) => allowed) : answer.allowed;
  }

  async function ask(
    { username, uid, groups, extra }: UserInfo,
    object: ObjectAttributes,
  ): Promise<KnownRight> {
    const asked = at();
    const spec = { user: username, uid, groups, extra, resourceAttributes: { verb: 'get', ...object } };
    const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
    const answer = await client.request({ method: 'POST', path: PATH, body, timeoutMs: TIMEOUT_MS });
    const { allowed, denied } = parseFirst(Answer, answer).status;
    return { allowed: allowed && !denied, at: asked };
  }

  return { mayGet };
}

import type { Pipeline, PullRequestStrategy, PushStrategy } from '../api/pipeline.ts';
import { type Destination, secretHostProblem } from '../decide/model/allowed-hosts.ts';
import { missingSecret } from '../decide/validation.ts';
import { TurnpikeError } from '../lib/errors.ts';
import {
  credentialsFrom,
  gitCredentialsFrom,
  type PartSecret,
  type PartSecrets,
  type PushCredentials,
  proxyFrom,
  type SecretCredentials,
} from '../lib/forges/index.ts';
import { forgeTypeOf } from '../lib/forges/pure.ts';
import { type HostPolicy, keysOfPart, partsOf, type SecretPart } from '../lib/net/pure.ts';

export interface CredentialSecret {
  readonly values: ReadonlyMap<string, Uint8Array>;
  readonly allowedHosts?: readonly string[];
}

export interface SecretAccessDeps {
  readonly readSecret: (namespace: string, name: string) => Promise<CredentialSecret | undefined>;
  readonly policy: Pick<HostPolicy, 'requireAllowedHosts'>;
}

/** The fields of a strategy that say how its repository is reached. */
export type Reached = Pick<PullRequestStrategy, 'url' | 'type' | 'secretRef'> &
  Partial<Pick<PullRequestStrategy, 'certSecretRef' | 'proxySecretRef' | 'commit'>>;

export interface AccessOptions {
  /** Commits are made: a key that signs them is read where it is in a Secret of its own. */
  readonly signs: boolean;
}

/** The Secrets that a strategy names, read for use: each goes only where its annotation allows. */
export interface SecretAccess {
  /** @throws TurnpikeError SecretNotFound, SecretInvalid, HostNotAllowed */
  forge(pipeline: Pipeline, settings: Reached, options: AccessOptions): Promise<SecretCredentials>;
  /** For Git alone. */
  git(pipeline: Pipeline, settings: PushStrategy, options: AccessOptions): Promise<PushCredentials>;
}

interface ReadSecret extends PartSecret {
  readonly allowedHosts: readonly string[] | undefined;
}

type Missing = Parameters<typeof missingSecret>[0];

export function createSecretAccess({ readSecret, policy }: SecretAccessDeps): SecretAccess {
  async function read(namespace: string, name: string, missing: Missing): Promise<ReadSecret> {
    const where = `Secret ${namespace}/${name}`;
    const secret = await readSecret(namespace, name);
    if (!secret) {
      throw new TurnpikeError('SecretNotFound', missingSecret(missing, where));
    }
    return { values: secret.values, where, allowedHosts: secret.allowedHosts };
  }

  function refuse({ where, allowedHosts }: ReadSecret, to: Destination): void {
    const refused = secretHostProblem(where, to, allowedHosts, policy);
    if (refused !== undefined) throw new TurnpikeError('HostNotAllowed', refused);
  }

  async function parts(namespace: string, settings: Reached, { signs }: AccessOptions) {
    const named = partsOf(settings).filter(({ part }) => part !== 'webhook' && (part !== 'signing' || signs));
    const secrets = named.map(({ part, name }) => read(namespace, name, { part }));
    const all = (await Promise.all(secrets)).map((secret, index) => {
      return [named[index]?.part, secret] as const;
    });
    return new Map(all);
  }

  async function secretsOf({ metadata: { namespace } }: Pipeline, settings: Reached, how: How) {
    const { url, secretRef } = settings;
    const own = await read(namespace, secretRef.name, { url, reaches: how.reaches });
    refuse(own, url);
    const others = await parts(namespace, settings, how);
    const through = others.get('proxy');
    const used = [...others].flatMap(([part, secret]) => (part === 'proxy' ? [] : [secret]));
    for (const secret of used) refuse(secret, url);
    if (through) {
      const to = { proxy: proxyFrom(through) };
      refuse(through, to);
      // Its owner may stand in the place of the host: what signs is used for it as well.
      for (const secret of [own, ...used]) if (secret.allowedHosts !== undefined) refuse(secret, to);
    }
    return { own: withoutParts(own, settings, how), others: Object.fromEntries(others) as PartSecrets };
  }

  return {
    async forge(pipeline, settings, options) {
      const { own, others } = await secretsOf(pipeline, settings, { ...options, reaches: 'forge' });
      return credentialsFrom(own.values, own.where, forgeTypeOf(settings), others);
    },
    async git(pipeline, settings, options) {
      const { own, others } = await secretsOf(pipeline, settings, { ...options, reaches: 'git' });
      return gitCredentialsFrom(own.values, own.where, others);
    },
  };
}

type How = AccessOptions & { readonly reaches: 'git' | 'forge' };

/** Leaves out keys for which another Secret is named, and the signing key where nothing is signed. */
function withoutParts(secret: ReadSecret, settings: Reached, { signs }: AccessOptions): PartSecret {
  const named = partsOf(settings).map(({ part }): SecretPart => part);
  const unread: readonly SecretPart[] = signs ? named : [...named, 'signing'];
  if (unread.length === 0) return secret;
  const others = new Set(unread.flatMap(keysOfPart));
  return { where: secret.where, values: new Map([...secret.values].filter(([key]) => !others.has(key))) };
}

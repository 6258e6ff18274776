import { ALLOWED_HOSTS } from '../../api/group.ts';
import { hostList } from '../../decide/model/allowed-hosts.ts';
import type { ReferencedSecret, SecretState } from '../../decide/validation.ts';
import { type Fields, fieldOf, isFields, type Manifest, textOf } from './objects.ts';

/** A Secret that the input brings, whatever it is written as. */
export interface FoundSecret {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly secret: ReferencedSecret;
}

const NOT_FOUND: SecretState = { kind: 'unknown', why: 'It is not among the checked files.' };

const READERS: Readonly<Record<string, (fields: Fields) => ReferencedSecret>> = {
  '/Secret': plainSecret,
  'bitnami.com/SealedSecret': sealedSecret,
  'external-secrets.io/ExternalSecret': externalSecret,
};

export function isSecret(manifest: Manifest): boolean {
  return readerOf(manifest) !== undefined;
}

/** The Secret that an object is, or that an operator in the cluster makes of it; none without a name. */
export function secretOf(manifest: Manifest): FoundSecret | undefined {
  const read = readerOf(manifest);
  const { fields, kind } = manifest;
  const target = kind === 'ExternalSecret' ? textOf(fields, 'spec', 'target', 'name') : undefined;
  const name = target ?? textOf(fields, 'metadata', 'name');
  if (!read || name === undefined) return undefined;
  return { namespace: textOf(fields, 'metadata', 'namespace'), name, secret: read(fields) };
}

function readerOf({ group, kind }: Manifest) {
  const key = `${group}/${kind}`;
  return Object.hasOwn(READERS, key) ? READERS[key] : undefined;
}

/** `stringData` wins, as in the API server; with SOPS both are encrypted. */
function plainSecret(fields: Fields): ReferencedSecret {
  const isSealed = isFields(fields.sops);
  const entries = (key: string, decode: (text: string) => Uint8Array | 'sealed') =>
    Object.entries(isFields(fields[key]) ? fields[key] : {}).map(([name, value]) => {
      return [name, isSealed || typeof value !== 'string' ? 'sealed' : decode(value)] as const;
    });
  const text = (value: string) => new TextEncoder().encode(value);
  return { values: new Map([...entries('data', base64), ...entries('stringData', text)]), ...hosts(fields) };
}

/** Decodes base64; any other text is a placeholder that something fills in later. */
function base64(value: string): Uint8Array | 'sealed' {
  const packed = value.replace(/\s/g, '');
  return /^[A-Za-z0-9+/]*={0,2}$/.test(packed) ? new Uint8Array(Buffer.from(packed, 'base64')) : 'sealed';
}

/** https://github.com/bitnami-labs/sealed-secrets: the template may bring keys of its own. */
function sealedSecret({ spec }: Fields): ReferencedSecret {
  const keys = [fieldOf(spec, 'encryptedData'), fieldOf(spec, 'template', 'data')].flatMap((data) =>
    isFields(data) ? Object.keys(data) : [],
  );
  return { values: new Map(keys.map((key) => [key, 'sealed'])), ...hosts(fieldOf(spec, 'template')) };
}

/**
 * https://external-secrets.io: only the store knows what will be in it. Without a template the Secret gets the
 * annotations of the ExternalSecret.
 */
function externalSecret(fields: Fields): ReferencedSecret {
  return hosts(fieldOf(fields.spec, 'target', 'template') ?? fields);
}

function hosts(object: unknown): Pick<ReferencedSecret, 'allowedHosts'> {
  const annotation = textOf(object, 'metadata', 'annotations', ALLOWED_HOSTS);
  if (annotation === undefined) return {};
  // SOPS may encrypt annotations too.
  return { allowedHosts: annotation.startsWith('ENC[') ? 'sealed' : hostList(annotation) };
}

export interface SecretIndex {
  add(secret: FoundSecret): void;
  find(namespace: string | undefined, name: string): SecretState;
}

/** The first Secret of a name counts. */
export function createSecretIndex(): SecretIndex {
  const byKey = new Map<string, ReferencedSecret>();
  const keyOf = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`;
  return {
    add({ namespace, name, secret }) {
      const key = keyOf(namespace, name);
      if (!byKey.has(key)) byKey.set(key, secret);
    },
    find(namespace, name) {
      const secret = byKey.get(keyOf(namespace, name));
      return secret ? { kind: 'found', secret } : NOT_FOUND;
    },
  };
}

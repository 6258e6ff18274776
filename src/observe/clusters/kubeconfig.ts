import { KubeConfig } from '@kubernetes/client-node';
import * as v from 'valibot';
import { parseDocument } from 'yaml';
import { TurnpikeError } from '../../lib/errors.ts';
import { FIRST_FAULT } from '../../lib/first-fault.ts';
import { type ClusterHosts, clusterUrlProblem } from '../../lib/net/index.ts';
import { authoritiesIn, isLongKey, MAX_RSA_BITS, MAX_VALUE_BYTES } from '../../lib/net/pure.ts';

/**
 * The kubeconfig of another cluster, as it stands in a Secret. A user who may write that Secret must get nothing by it
 * but requests to an API server with the credentials that are in it: no program is run for it, no file of ours is read,
 * and no address is reached that only this process can reach.
 */
export interface RemoteOptions {
  /** The place where it was found, for messages: `Secret flux-system/leaf`. */
  readonly where: string;
  readonly hosts: ClusterHosts;
}

const field = v.nullish(v.string());

const ClusterFields = v.object({
  server: v.string(),
  'certificate-authority-data': field,
  'certificate-authority': field,
  'insecure-skip-tls-verify': v.nullish(v.boolean()),
  'tls-server-name': field,
  'proxy-url': field,
});
type ClusterFields = v.InferOutput<typeof ClusterFields>;

const UserFields = v.object({
  token: field,
  username: field,
  password: field,
  'client-certificate-data': field,
  'client-key-data': field,
  tokenFile: field,
  'client-certificate': field,
  'client-key': field,
  exec: v.optional(v.unknown()),
  'auth-provider': v.optional(v.unknown()),
  as: v.optional(v.unknown()),
  'as-uid': v.optional(v.unknown()),
  'as-groups': v.optional(v.unknown()),
  'as-user-extra': v.optional(v.unknown()),
});
type UserFields = v.InferOutput<typeof UserFields>;

/** Entries are parsed by name alone; the rest of an entry is parsed when it is used. */
const Entries = v.nullish(v.array(v.looseObject({ name: v.string() })));
type Entries = v.InferOutput<typeof Entries>;

const ContextFields = v.object({ cluster: v.string(), user: v.string() });

const File = v.object({
  'current-context': field,
  clusters: Entries,
  users: Entries,
  contexts: Entries,
});

const EXEC = 'takes its credentials from a plugin';
const OUTSIDE = 'names a file outside the Secret';
const AS = 'impersonates another user';

const REFUSED: readonly (readonly [
  keyof UserFields | 'certificate-authority' | 'insecure-skip-tls-verify',
  string,
  string,
])[] = [
  ['exec', EXEC, 'use a token or a client certificate'],
  ['auth-provider', EXEC, 'use a token or a client certificate'],
  ['tokenFile', OUTSIDE, 'put the token itself under token'],
  ['client-certificate', OUTSIDE, 'put the certificate itself under client-certificate-data'],
  ['client-key', OUTSIDE, 'put the key itself under client-key-data'],
  ['certificate-authority', OUTSIDE, 'put the certificate itself under certificate-authority-data'],
  ['insecure-skip-tls-verify', 'does not verify the server', 'put its CA under certificate-authority-data'],
  ['as', AS, 'give its own user the rights that are needed'],
  ['as-uid', AS, 'give its own user the rights that are needed'],
  ['as-groups', AS, 'give its own user the rights that are needed'],
  ['as-user-extra', AS, 'give its own user the rights that are needed'],
];

/**
 * Reads the current context of a kubeconfig. Only allowed fields get into the result.
 * @throws TurnpikeError SecretInvalid; its sentence never quotes the text, which holds credentials
 */
export function remoteKubeConfig(text: string, options: RemoteOptions): KubeConfig {
  const invalid = (what: string) =>
    new TurnpikeError('SecretInvalid', `The kubeconfig in ${options.where} ${what}.`);
  const file = v.safeParse(File, parsed(text), FIRST_FAULT);
  if (!file.success) throw invalid('is not one: it holds no clusters, users and contexts');
  const name = file.output['current-context'];
  if (!name) throw invalid('has no current-context');
  const context = v.safeParse(ContextFields, entry(file.output.contexts, name, 'context'), FIRST_FAULT);
  if (!context.success) throw invalid('has no context with the name of its current-context');
  const cluster = v.safeParse(
    ClusterFields,
    entry(file.output.clusters, context.output.cluster, 'cluster'),
    FIRST_FAULT,
  );
  if (!cluster.success) throw invalid('has no cluster with a server for its current-context');
  const user = v.safeParse(
    UserFields,
    entry(file.output.users, context.output.user, 'user') ?? {},
    FIRST_FAULT,
  );
  if (!user.success) throw invalid('has a user whose fields are not strings');
  const problem =
    refusal({ ...cluster.output, ...user.output }) ??
    authorityProblem(cluster.output) ??
    keyProblem(user.output) ??
    addressProblem(cluster.output, options);
  if (problem) throw invalid(problem);
  return assembled(cluster.output, user.output);
}

/** Undefined for text that is not YAML: a parser's message quotes the lines around the fault. */
function parsed(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) return undefined;
  try {
    return document.toJS();
  } catch {
    return undefined;
  }
}

function entry(entries: Entries, name: string, key: string): unknown {
  return entries?.find((one) => one.name === name)?.[key];
}

function refusal(fields: Readonly<Record<string, unknown>>): string | undefined {
  const found = REFUSED.find(([key]) => Boolean(fields[key]));
  return found && `${found[1]} (${found[0]}), which Turnpike does not use: ${found[2]}`;
}

function authorityProblem(cluster: ClusterFields): string | undefined {
  const data = cluster['certificate-authority-data'];
  if (!data) return undefined;
  const text = Buffer.from(data, 'base64').toString();
  if (text.length > MAX_VALUE_BYTES)
    return `holds more than ${MAX_VALUE_BYTES} bytes under certificate-authority-data: use only the cluster's CA`;
  if (authoritiesIn(text).certificates.length > 0) return undefined;
  return "holds no certificate that can be read under certificate-authority-data: use the cluster's CA, as base64 of its PEM";
}

function keyProblem({ 'client-key-data': data }: UserFields): string | undefined {
  if (!data || !isLongKey(Buffer.from(data, 'base64').toString())) return undefined;
  return `has an RSA key of more than ${MAX_RSA_BITS} bits under client-key-data: make a shorter one`;
}

function addressProblem(cluster: ClusterFields, { hosts }: RemoteOptions): string | undefined {
  const proxy = cluster['proxy-url'];
  const problem = clusterUrlProblem('server', cluster.server, hosts);
  if (problem !== undefined || !proxy) return problem;
  if (isPlain(cluster)) {
    return 'has a server by http behind a proxy (proxy-url), which would read its credentials: use https';
  }
  return clusterUrlProblem('proxy-url', proxy, hosts);
}

function isPlain({ server }: ClusterFields): boolean {
  return new URL(server).protocol === 'http:';
}

const NAME = 'remote';

function assembled(cluster: ClusterFields, user: UserFields): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [
      {
        name: NAME,
        server: cluster.server,
        // Plain HTTP, where it is allowed, has nothing to verify; client-node wants that said.
        skipTLSVerify: isPlain(cluster),
        ...given('caData', cluster['certificate-authority-data']),
        ...given('tlsServerName', cluster['tls-server-name']),
        ...given('proxyUrl', cluster['proxy-url']),
      },
    ],
    users: [
      {
        name: NAME,
        ...given('token', user.token),
        ...given('username', user.username),
        ...given('password', user.password),
        ...given('certData', user['client-certificate-data']),
        ...given('keyData', user['client-key-data']),
      },
    ],
    contexts: [{ name: NAME, cluster: NAME, user: NAME }],
    currentContext: NAME,
  });
  return kubeConfig;
}

function given(name: string, value: string | null | undefined): Record<string, string> {
  return value ? { [name]: value } : {};
}

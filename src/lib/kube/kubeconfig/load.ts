import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, resolve } from 'node:path';
import { type Cluster, type Context, KubeConfig, type User } from '@kubernetes/client-node';
import * as v from 'valibot';
import { parseDocument } from 'yaml';
import { errorMessage, TurnpikeError } from '../../errors.ts';
import { FIRST_FAULT } from '../../first-fault.ts';
import { tokenFileProvider } from './credentials.ts';

export interface KubeConfigOptions {
  /** Path of a kubeconfig, or several with `:` between them as in `KUBECONFIG`. Empty: in-cluster. */
  readonly kubeconfig?: string;
  /** One of the kubeconfig's; its current one when empty. */
  readonly context?: string;
  /** Put before the path of the ServiceAccount's files; for tests. */
  readonly serviceAccountRoot?: string;
}

interface Parts {
  readonly clusters: Cluster[];
  readonly users: User[];
  readonly contexts: Context[];
  readonly currentContext: string;
}

/**
 * How to reach the API server: the kubeconfig that was named, else the ServiceAccount of the pod.
 * @throws TurnpikeError ConfigInvalid; its sentence never quotes the file, which holds credentials
 */
export function loadKubeConfig(options: KubeConfigOptions): KubeConfig {
  const kubeConfig = options.kubeconfig
    ? fromFiles(options.kubeconfig)
    : fromServiceAccount(options.serviceAccountRoot ?? '');
  if (options.context) choose(kubeConfig, options.context);
  checkComplete(kubeConfig);
  return kubeConfig;
}

function choose(kubeConfig: KubeConfig, context: string): void {
  if (!kubeConfig.getContextObject(context)) {
    throw invalid(`The kubeconfig has no context "${context}": kubectl config get-contexts lists them`);
  }
  kubeConfig.setCurrentContext(context);
}

function fromServiceAccount(root: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromCluster(root);
  const [cluster] = kubeConfig.getClusters();
  const [context] = kubeConfig.getContexts();
  if (
    !cluster ||
    !context ||
    !URL.canParse(cluster.server) ||
    cluster.server.includes('undefined') ||
    !existsSync(cluster.caFile ?? '')
  ) {
    throw invalid(
      'No kubeconfig was given, and this is not a pod with a ServiceAccount: set --kubeconfig or KUBECONFIG',
    );
  }
  const users = kubeConfig.getUsers().map((user) => ({
    ...user,
    authProvider: tokenFileProvider(user.authProvider.config.tokenFile),
  }));
  const contexts = [{ ...context, namespace: context.namespace?.trim() || 'default' }];
  return assembled({ clusters: [cluster], users, contexts, currentContext: context.name });
}

/** Merged as kubectl does: of two entries with one name the first file's counts. */
function fromFiles(list: string): KubeConfig {
  const paths = list.split(delimiter).filter((path) => path !== '');
  const present = paths.length > 1 ? paths.filter((path) => existsSync(path)) : paths;
  if (present.length === 0) throw invalid(`None of the kubeconfig files ${list} exists`);
  const files = present.map(fromFile);
  return assembled({
    clusters: firstOfEachName(files.flatMap((file) => file.clusters)),
    users: firstOfEachName(files.flatMap((file) => file.users)),
    contexts: firstOfEachName(files.flatMap((file) => file.contexts)),
    currentContext: files.map((file) => file.currentContext).find((name) => name) ?? '',
  });
}

function firstOfEachName<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  return entries.filter((entry, index) => entries.findIndex((one) => one.name === entry.name) === index);
}

function assembled(parts: Parts): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromOptions(parts);
  return kubeConfig;
}

/** The field of a user that client-node does not read: `tokenFile`. */
const UserFields = v.object({
  users: v.nullish(
    v.array(v.object({ name: v.string(), user: v.nullish(v.object({ tokenFile: v.nullish(v.string()) })) })),
  ),
});

function fromFile(path: string): Parts {
  const text = readText(path);
  const document = parseDocument(text, { prettyErrors: false });
  const [fault] = document.errors;
  if (fault) throw invalid(`The kubeconfig ${path} is not YAML: ${fault.code} at byte ${fault.pos[0]}`);
  const fields = v.safeParse(UserFields, document.toJS(), FIRST_FAULT);
  if (!fields.success) throw invalid(`The kubeconfig ${path} holds no clusters, users and contexts`);
  const loaded = new KubeConfig();
  try {
    loaded.loadFromString(text);
  } catch (error) {
    // A YAML parser's message quotes the lines around the fault, and there may be a token on them.
    const said = errorMessage(error);
    throw invalid(`The kubeconfig ${path} is not usable${/^\S+ is missing$/.test(said) ? `: ${said}` : ''}`);
  }
  const folder = dirname(path);
  loaded.makePathsAbsolute(folder);
  const tokenFiles = new Map(fields.output.users?.map((one) => [one.name, one.user?.tokenFile]));
  const users = loaded.getUsers().map((user) => completed(user, folder, tokenFiles.get(user.name)));
  const currentContext = loaded.getCurrentContext() ?? '';
  return { clusters: loaded.getClusters(), users, contexts: loaded.getContexts(), currentContext };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(`The kubeconfig ${path} cannot be read: ${errorMessage(error)}`, error);
  }
}

/** kubectl's rules: `tokenFile` comes before `token`; it and a command with a slash are relative to the file. */
function completed(user: User, folder: string, tokenFile: string | null | undefined): User {
  if (tokenFile) {
    const { token: _, ...others } = user;
    return { ...others, authProvider: tokenFileProvider(resolve(folder, tokenFile)) };
  }
  const exec = user.exec;
  if (!exec) return user;
  const command = String(exec.command ?? '');
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    spec: { interactive: false },
  };
  return {
    ...user,
    exec: {
      ...exec,
      command: command.includes('/') ? resolve(folder, command) : command,
      env: [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }],
    },
  };
}

function checkComplete(kubeConfig: KubeConfig): void {
  const name = kubeConfig.getCurrentContext();
  if (!name) throw invalid('The kubeconfig has no current-context: choose one by kubectl config use-context');
  const context = kubeConfig.getContextObject(name);
  if (!context) throw invalid(`The kubeconfig has no context "${name}", which is its current-context`);
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw invalid(`The kubeconfig has no cluster "${context.cluster}", which "${name}" names`);
  const user = kubeConfig.getCurrentUser();
  if (!user) throw invalid(`The kubeconfig has no user "${context.user}", which "${name}" names`);
  checkServer(cluster);
  const tokenFile = user.authProvider?.config?.path;
  for (const file of [cluster.caFile, user.certFile, user.keyFile, tokenFile]) checkReadable(file);
}

function checkServer(cluster: Cluster): void {
  if (cluster.proxyUrl && !/^https?:/.test(cluster.proxyUrl)) {
    throw invalid(
      `The proxy-url of cluster "${cluster.name}" is neither http nor https, the proxies that work here`,
    );
  }
  if (!URL.canParse(cluster.server)) {
    throw invalid(`The server of cluster "${cluster.name}" is not a URL`);
  }
  const { protocol, username, password } = new URL(cluster.server);
  if (username || password) throw invalid(`The server of cluster "${cluster.name}" must not hold a password`);
  if (protocol === 'https:' || (protocol === 'http:' && cluster.skipTLSVerify)) return;
  throw invalid(
    `The server of cluster "${cluster.name}" is not reached by https; plain http requires insecure-skip-tls-verify`,
  );
}

function checkReadable(file: unknown): void {
  if (typeof file !== 'string') return;
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw invalid(`The kubeconfig names ${file}, which cannot be read: ${errorMessage(error)}`, error);
  }
}

function invalid(sentence: string, cause?: unknown): TurnpikeError {
  return new TurnpikeError('ConfigInvalid', `${sentence}.`, { cause });
}

import { API_VERSION, PLURAL } from '../../api/group.ts';
import type { StoredPipeline } from '../../api/pipeline.ts';
import { errorMessage, hasCode, TurnpikeError } from '../../lib/errors.ts';
import { createInformer, type KubeClient, listAll, resourcePath } from '../../lib/kube/index.ts';
import type { Logger } from '../../lib/logger.ts';
import { parseStoredPipeline } from '../../observe/pipelines/stored-pipeline.ts';

/** A Pipeline as it is read, and as the API server sent it. */
export interface Found extends StoredPipeline {
  readonly raw: unknown;
}

export interface GetRequest {
  readonly client: KubeClient;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  /** Undefined: all. */
  readonly name: string | undefined;
  readonly signal: AbortSignal;
}

export interface Follower {
  changed(pipeline: Found): void;
  deleted(pipeline: Found): void;
  /** Something keeps changes from being seen for now. */
  trouble(sentence: string): void;
}

/** @throws TurnpikeError whose sentence says what is missing */
export async function readPipelines(request: GetRequest): Promise<Found[]> {
  const { client, namespace, name, signal } = request;
  try {
    if (name !== undefined) {
      const path = pathOf(namespace, name);
      return [parse(await client.request({ method: 'GET', path, signal }))];
    }
    const found: Found[] = [];
    const onPage = (objects: readonly unknown[]) => {
      for (const object of objects) found.push(parse(object));
    };
    await listAll(client, { path: pathOf(namespace), signal, onPage });
    return found.toSorted(byName);
  } catch (error) {
    throw hasCode(error, 'ApiNotFound') ? await notFound(request) : error;
  }
}

/** There is no such Pipeline, or the cluster does not know Pipelines at all. */
async function notFound({ client, namespace, name }: GetRequest): Promise<TurnpikeError> {
  const isServed = await client
    .request({ method: 'GET', path: resourcePath({ apiVersion: API_VERSION }) })
    .then(
      () => true,
      (error) => !hasCode(error, 'ApiNotFound'),
    );
  const message =
    isServed && name !== undefined
      ? `Pipeline ${name} not found in namespace ${namespace}: "turnpike get -A" shows all.`
      : 'This cluster has no Pipelines API: install Turnpike first, with "kubectl apply -k kustomize/default".';
  return new TurnpikeError('ApiNotFound', message, { retry: 'never' });
}

/** Tells of changes after `known` until the signal fires. */
export async function followPipelines(
  { client, namespace, name, signal }: GetRequest,
  known: readonly Found[],
  follower: Follower,
): Promise<void> {
  const informer = createInformer<Found>(client, { path: pathOf(namespace), parse, log: logTo(follower) });
  for (const one of known) informer.accept(one);
  informer.subscribe(({ kind, object }) => {
    if (name !== undefined && object.metadata.name !== name) return;
    if (kind === 'deleted') follower.deleted(object);
    else follower.changed(object);
  });
  informer.start();
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  await informer.stop();
}

function pathOf(namespace: string | undefined, name?: string): string {
  const place = { ...(namespace !== undefined && { namespace }), ...(name !== undefined && { name }) };
  return resourcePath({ apiVersion: API_VERSION, plural: PLURAL, ...place });
}

function parse(raw: unknown): Found {
  return { ...parseStoredPipeline(raw), raw };
}

function byName({ metadata: a }: Found, { metadata: b }: Found): number {
  return a.namespace.localeCompare(b.namespace) || a.name.localeCompare(b.name);
}

/** Shows warnings and errors alone; the rest is for programs that run for long. */
function logTo({ trouble }: Follower): Logger {
  const report = (fields: Record<string, unknown>, message: string) => {
    const { error } = fields;
    trouble(`${message}${error === undefined ? '' : `: ${errorMessage(error)}`}`);
  };
  const quiet = () => {};
  const log: Logger = {
    debug: quiet,
    info: quiet,
    warn: report,
    error: report,
    child: () => log,
    scope: (_, work) => work(),
  };
  return log;
}

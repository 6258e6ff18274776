import type { ApplicationReader } from '../../decide/observation/application-reader.ts';
import { type ChartSource, chartTag } from '../../decide/observation/chart-source.ts';
import { createCache } from '../../lib/async/index.ts';
import { hasCode } from '../../lib/errors.ts';
import { type KubeClient, resourcePath } from '../../lib/kube/index.ts';

/** The newest first: the older one is Flux's before 2.6. */
const VERSIONS = ['source.toolkit.fluxcd.io/v1', 'source.toolkit.fluxcd.io/v1beta2'];

/** The tag of a digest changes seldom, and is recorded once it is known. */
const KNOWN_MS = 3_600_000;
const UNKNOWN_MS = 300_000;
/** A cluster that does not answer is not asked at each look. */
const FAILED_MS = 10_000;
const MAX_KNOWN = 5_000;

interface Answer {
  readonly tag?: string | undefined;
  readonly failed?: true;
}

/**
 * Looks up the tags of charts in their registries, as the OCIRepositories of a cluster report them. An unknown tag is
 * asked for again after a while.
 */
export function createChartTags(
  client: KubeClient,
  deps: { readonly now: () => Date },
): Required<ApplicationReader>['tagOf'] {
  const known = createCache<Answer>({
    ttlMs: ({ tag, failed }) => (failed ? FAILED_MS : tag === undefined ? UNKNOWN_MS : KNOWN_MS),
    max: MAX_KNOWN,
    now: () => deps.now().getTime(),
  });

  async function read({ namespace, name }: ChartSource): Promise<unknown> {
    for (const apiVersion of VERSIONS) {
      const path = resourcePath({ apiVersion, namespace, plural: 'ocirepositories', name });
      try {
        return await client.request({ method: 'GET', path });
      } catch (error) {
        if (hasCode(error, 'ApiForbidden')) return undefined;
        if (!hasCode(error, 'ApiNotFound')) throw error;
      }
    }
    return undefined;
  }

  async function answer(source: ChartSource, digest: string): Promise<Answer> {
    try {
      return { tag: chartTag(await read(source), digest) };
    } catch {
      // The promotion says which place it leaves out because the tag is not known.
      return { failed: true };
    }
  }

  return async (source, digest) => {
    const key = JSON.stringify([source.namespace, source.name, digest]);
    return (await known.get(key, () => answer(source, digest))).tag;
  };
}

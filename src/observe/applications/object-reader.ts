import type { AppRef } from '../../api/pipeline.ts';
import { hasCode, type TurnpikeError } from '../../lib/errors.ts';
import { apiStatus, type Discovery, type KubeClient, resourcePath } from '../../lib/kube/index.ts';

/**
 * Reads an object that Pipelines name, of any kind, as the API server has it; undefined when it does not exist.
 * @throws TurnpikeError ApiNotFound when the cluster does not know the kind
 */
export type ReadObject = (appRef: AppRef, namespace: string) => Promise<unknown>;

export function createObjectReader(client: KubeClient, discovery: Discovery): ReadObject {
  async function get(appRef: AppRef, namespace: string): Promise<unknown> {
    const { apiVersion, plural } = await discovery.resource(appRef.apiVersion, appRef.kind);
    const path = resourcePath({ apiVersion, namespace, plural, name: appRef.name });
    return client.request({ method: 'GET', path });
  }

  return async (appRef, namespace) => {
    try {
      return await get(appRef, namespace);
    } catch (error) {
      if (isObjectMissing(error)) return undefined;
      if (!isPathMissing(error)) throw error;
    }
    // The version that was discovered is served no more: the CRD was upgraded or taken away.
    discovery.forget(appRef.apiVersion, appRef.kind);
    try {
      return await get(appRef, namespace);
    } catch (error) {
      if (isObjectMissing(error)) return undefined;
      throw error;
    }
  };
}

/** The API server names the object that it looked for and did not find. */
function isObjectMissing(error: unknown): boolean {
  return hasCode(error, 'ApiNotFound') && Boolean(apiStatus(error)?.objectName);
}

/** Reports whether the API server does not serve the path; the error for an unknown kind has no answer behind it. */
function isPathMissing(error: unknown): error is TurnpikeError {
  return hasCode(error, 'ApiNotFound') && apiStatus(error)?.objectName === '';
}

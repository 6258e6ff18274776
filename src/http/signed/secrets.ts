import type { PipelineKey, StoredPipeline } from '../../api/pipeline.ts';
import type { Rechecks } from './rechecks.ts';

export interface Secret {
  readonly values: ReadonlyMap<string, Uint8Array>;
  /** Changes with each change of the Secret. */
  readonly version?: string;
}

/** What came of reading a Secret; undefined: there is none. */
export type SecretRead = PromiseSettledResult<Secret | undefined>;

/** What the signed endpoints need of the cluster. */
export interface SignedDeps {
  find(key: PipelineKey): StoredPipeline | undefined;
  /**
   * A Secret of the Pipeline's namespace; `fresh` looks past the cache, and `strict` fails where that cannot be done.
   * Undefined: there is none.
   */
  readSecret(
    namespace: string,
    name: string,
    options?: { fresh?: boolean; strict?: boolean },
  ): Secret | undefined | Promise<Secret | undefined>;
  readonly rechecks: Rechecks<readonly SecretRead[]>;
  /** Whether the API server answers and all Pipelines are known. */
  available(): boolean;
}

export function isSame(known: Secret | undefined, fresh: Secret | undefined): boolean {
  return known === fresh || (known?.version !== undefined && known.version === fresh?.version);
}

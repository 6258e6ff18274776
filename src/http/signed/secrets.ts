import type { PipelineKey, StoredPipeline } from '../../api/pipeline.ts';
import type { Rechecks } from './rechecks.ts';

export interface SignerSecret {
  readonly values: ReadonlyMap<string, Uint8Array>;
  /** Changes with each change of the Secret. */
  readonly version?: string;
}

/** The result of reading a Secret; undefined: there is none. */
export type SecretRead = PromiseSettledResult<SignerSecret | undefined>;

/** The part of the cluster that the signed endpoints need. */
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
  ): SignerSecret | undefined | Promise<SignerSecret | undefined>;
  readonly rechecks: Rechecks<readonly SecretRead[]>;
  /** Tells whether the API server answers and all Pipelines are known. */
  available(): boolean;
}

export function isSame(known: SignerSecret | undefined, fresh: SignerSecret | undefined): boolean {
  return known === fresh || (known?.version !== undefined && known.version === fresh?.version);
}

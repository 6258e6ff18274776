import type { AppRef } from '../../api/pipeline.ts';
import type { RevisionPath } from '../model/revision-path.ts';
import type { ParsedApplication } from './application-parse.ts';
import type { ChartSource } from './chart-source.ts';

/** Reads the applications of one cluster. */
export interface ApplicationReader {
  /**
   * Returns undefined if there is no object of that name.
   * @throws TurnpikeError ApiNotFound if the cluster does not have the kind
   */
  read(appRef: AppRef, namespace: string, options?: ReadOptions): Promise<ParsedApplication | undefined>;
  /**
   * The tag under which the OCIRepository has the artifact of this digest; undefined: it has another artifact
   * meanwhile, is pinned to the digest, or cannot be read. Absent if tags are not needed.
   */
  readonly tagOf?: (source: ChartSource, digest: string) => Promise<string | undefined>;
}

export interface ReadOptions {
  /** Reads from the API server instead of the watch's cache. */
  readonly fresh?: boolean;
  /** The parts of its spec that are read. */
  readonly paths?: readonly RevisionPath[];
}

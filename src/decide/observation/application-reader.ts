import type { AppRef } from '../../api/pipeline.ts';
import type { RevisionPath } from '../model/revision-path.ts';
import type { ParsedApplication } from './application-parse.ts';
import type { ChartSource } from './chart-source.ts';

/** Reads the applications of one cluster. */
export interface ApplicationReader {
  /**
   * Undefined: there is no object of that name.
   * @throws TurnpikeError ApiNotFound when the cluster knows no such kind
   */
  read(appRef: AppRef, namespace: string, options?: ReadOptions): Promise<ParsedApplication | undefined>;
  /**
   * The tag under which the OCIRepository has the artifact of this digest; undefined: it has another one by now, is pinned
   * to the digest, or cannot be read. Absent where nobody asks for tags.
   */
  readonly tagOf?: (source: ChartSource, digest: string) => Promise<string | undefined>;
}

export interface ReadOptions {
  /** Past what was watched, from the API server. */
  readonly fresh?: boolean;
  /** The parts of its spec that are looked at. */
  readonly paths?: readonly RevisionPath[];
}

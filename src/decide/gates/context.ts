import type { Environment, EnvironmentStatus, Pipeline } from '../../api/pipeline.ts';

/** The context of the decision if a revision may be promoted into an environment. */
export interface GateContext {
  readonly pipeline: Pipeline;
  readonly previous: Environment;
  readonly environment: Environment;
  readonly state: EnvironmentStatus;
  /** A person changed the spec, requested a reconciliation or corrected a Secret: waiting times are over. */
  readonly requested: boolean;
  readonly now: Date;
}

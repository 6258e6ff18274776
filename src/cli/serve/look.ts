import type { Pipeline, Target } from '../../api/pipeline.ts';
import { sourcesOf } from '../../decide/model/artifacts.ts';
import type { Observation } from '../../decide/observation/application.ts';
import type { ApplicationReader } from '../../decide/observation/application-reader.ts';
import { type ReferencePolicy, refusedReference } from '../../decide/validation.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import { type MessagesOf, observeHere } from '../../reconcile/observe-target.ts';

export interface LookDeps {
  readonly applications: ApplicationReader;
  readonly messagesOf: MessagesOf;
  readonly policy: ReferencePolicy;
  readonly log: Logger;
}

/**
 * Looks at the application of a target on our own cluster for the promotion webhook. What cannot be looked at is left
 * to the watch; what the reconciler would not show is not shown here either.
 */
export function createLook({ applications, messagesOf, policy, log }: LookDeps) {
  return async ({ metadata, spec }: Pipeline, target: Target): Promise<Observation | undefined> => {
    const { appRef } = spec;
    const from = metadata.namespace;
    const sources = sourcesOf(spec);
    if (refusedReference(target, policy, from)) return undefined;
    try {
      const seen = await observeHere(
        { appRef, from, target, sources, fresh: true },
        applications,
        messagesOf,
      );
      return seen.kind === 'application' ? seen : undefined;
    } catch (error) {
      const fields = { namespace: target.namespace, name: appRef.name, error: errorMessage(error) };
      log.debug(fields, 'cannot look at an application');
      return undefined;
    }
  };
}

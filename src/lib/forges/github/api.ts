import type { Octokit } from '@octokit/rest';
import type { TurnpikeError } from '../../errors.ts';
import type { ConditionalGet } from '../request/conditional-get.ts';
import { forgeFailure, passingFailure } from '../request/failure.ts';
import type { ForgeAnswer, ForgeCall, ForgeContext, ForgeOperation } from '../request/types.ts';

/** The API of one repository. */
export interface Api {
  readonly repository: { readonly owner: string; readonly repo: string };
  readonly octokit: Octokit;
  readonly call: ForgeCall;
  readonly conditionalGet: ConditionalGet;
  readonly context: ForgeContext;
  /** The URL of the page for people. */
  readonly pageUrl: string;
  readonly now: () => Date;
}

export function says(answer: ForgeAnswer, pattern: RegExp): boolean {
  return pattern.test(JSON.stringify(answer.data) ?? '');
}

/** The error for a refusal, which is tried again when it may pass. */
export function refusal(
  api: Api,
  operation: ForgeOperation,
  answer: ForgeAnswer,
  passing: RegExp,
): TurnpikeError {
  const failure = says(answer, passing) ? passingFailure : forgeFailure;
  return failure(operation, answer, api.context, api.now());
}

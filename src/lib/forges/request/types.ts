/**
 * The operations by their names in metrics. `token`: of a GitHub App; `metadata`: with labels and people; `queue`: of
 * merges; `cancel`: of an auto-merge.
 */
export type ForgeOperation =
  | 'create'
  | 'find'
  | 'get'
  | 'token'
  | 'update'
  | 'metadata'
  | 'comments'
  | 'comment'
  | 'close'
  | 'status'
  | 'checks'
  | 'merge'
  | 'queue'
  | 'cancel';

/** An answer of a forge, whatever its status. `data` is the parsed JSON, or the text that is not JSON. */
export interface ForgeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: unknown;
}

/** Names the forge for sentences, metrics and logs. */
export interface ForgeContext {
  /** The label of metrics, such as `github`. */
  readonly provider: string;
  /** The name for people, such as `GitHub`. */
  readonly name: string;
  readonly host: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Must not appear in any message. */
  readonly secrets: readonly string[];
  /** The account under which requests are counted together, where `secrets` change over time. */
  readonly account?: string;
  /** Milliseconds that the forge wants between two requests that write. */
  readonly writeGapMs?: number;
}

export interface ForgeRequest {
  readonly provider: string;
  readonly host: string;
  readonly operation: string;
  readonly budget: ForgeBudget;
  /** The HTTP status, or `error` when there was no answer. */
  readonly code: string;
  readonly seconds: number;
  /** The rest of the token's budget, where the forge says it. */
  readonly remaining?: number;
}

/** Budgets that a forge counts apart: https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api */
export type ForgeBudget = 'rest' | 'graphql';

/** `accepts` names the failures that the caller understands; every other one is thrown. */
export type ForgeCall = (
  operation: ForgeOperation,
  send: () => Promise<ForgeAnswer>,
  accepts?: (answer: ForgeAnswer) => boolean,
  budget?: ForgeBudget,
) => Promise<ForgeAnswer>;

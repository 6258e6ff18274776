import * as v from 'valibot';
import { FIRST_FAULT } from '../../first-fault.ts';
import { parsedAnswer } from '../request/parsed-answer.ts';
import { isRateLimitText } from '../request/rate.ts';
import type { ForgeAnswer, ForgeOperation } from '../request/types.ts';
import { type Api, says } from './api.ts';
import { answerOf } from './octokit.ts';

/** GraphQL answers 200 for a failure: https://docs.github.com/en/graphql */
const Errors = v.object({
  errors: v.pipe(
    v.array(
      v.object({
        type: v.optional(v.string()),
        message: v.optional(v.string()),
        path: v.optional(v.array(v.union([v.string(), v.number()]))),
      }),
    ),
    v.minLength(1),
  ),
});
type GraphqlError = v.InferOutput<typeof Errors>['errors'][number];

/**
 * Enterprise Server had `mergeStateStatus` as a preview, and lacks the field without this header:
 * https://docs.github.com/en/enterprise-server@3.12/graphql/overview/schema-previews. Other servers ignore it.
 */
const ACCEPT = 'application/vnd.github.merge-info-preview+json';

/** The status that REST would have answered. */
const STATUSES: Readonly<Record<string, number>> = {
  RATE_LIMITED: 429,
  RATE_LIMIT: 429,
  FORBIDDEN: 403,
  INSUFFICIENT_SCOPES: 403,
  NOT_FOUND: 404,
};

export interface Query<T extends v.GenericSchema> {
  readonly text: string;
  readonly variables: object;
  /** The schema of `data`. */
  readonly schema: T;
  /** Fields that are null, or have nulls in them, for tokens that may not read all of them. */
  readonly optional?: readonly string[];
  /** Fields without which it can be asked, too: a token that may not read them is refused like an unknown field. */
  readonly beyond?: readonly string[];
}

/** `refused`: GitHub understood and does not do it. */
export type Asked<T extends v.GenericSchema> =
  | { readonly kind: 'data'; readonly data: v.InferOutput<T> }
  | { readonly kind: 'refused'; readonly answer: ForgeAnswer };

interface Fewer {
  /** The query without fields that older servers do not know. */
  readonly plain: string;
  /** The query without fields that the token may not read, where that has fewer. */
  readonly permitted?: string;
}

/**
 * Asks again with fewer fields where an older Enterprise Server does not know all of them, or the token may not read
 * them.
 */
export async function graphqlEither<T extends v.GenericSchema>(
  api: Api,
  operation: ForgeOperation,
  query: Query<T> & Fewer,
): Promise<Asked<T>> {
  const asked = await graphql(api, operation, query);
  if (asked.kind !== 'refused') return asked;
  const { plain, permitted = plain } = query;
  if (says(asked.answer, /doesn't exist on type/i)) return graphql(api, operation, { ...query, text: plain });
  return says(asked.answer, /not accessible by/i)
    ? graphql(api, operation, { ...query, text: permitted })
    : asked;
}

/**
 * Sends a query for fields that REST does not offer.
 *
 * @throws TurnpikeError as `createForgeCall`
 */
export async function graphql<T extends v.GenericSchema>(
  api: Api,
  operation: ForgeOperation,
  { text, variables, schema, optional = [], beyond = [] }: Query<T>,
): Promise<Asked<T>> {
  const { request } = api.octokit;
  const baseUrl = request.endpoint.DEFAULTS.baseUrl.replace(/\/api\/v3$/, '/api');
  const asked = { baseUrl, headers: { accept: ACCEPT }, query: text, variables };
  const send = async () => asRest(await answerOf(request('POST /graphql', asked)), optional, beyond);
  const answer = await api.call(operation, send, ({ status }) => status === 422, 'graphql');
  if (answer.status === 422) return { kind: 'refused', answer };
  const { data } = parsedAnswer(v.object({ data: schema }), operation, answer.data, api.context);
  return { kind: 'data', data };
}

function asRest(answer: ForgeAnswer, optional: readonly string[], beyond: readonly string[]): ForgeAnswer {
  const failed = v.safeParse(Errors, answer.data, FIRST_FAULT);
  const first = failed.success ? failed.output.errors.find((one) => !isHidden(one, optional)) : undefined;
  if (!first) return answer;
  const status = isHidden(first, beyond) ? 422 : statusOf(first);
  return { ...answer, status, data: { message: first.message } };
}

/** A secondary limit may have no type, and words alone. Other refusals may quote the names of checks. */
function statusOf({ type = '', message = '' }: GraphqlError): number {
  return STATUSES[type] ?? (type === '' && isRateLimitText(message) ? 429 : 422);
}

/** The token may not read one of these fields; the rest of the answer is there. */
function isHidden({ type, path = [] }: GraphqlError, fields: readonly string[]): boolean {
  return type === 'FORBIDDEN' && fields.some((field) => path.includes(field));
}

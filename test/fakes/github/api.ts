import { type Fault, problem } from './answers.ts';
import { answerApp, type FakeApp } from './app.ts';
import { type Asked, describeGitHub } from './description.ts';
import { answerGraphql } from './graphql.ts';
import { graphqlFaults } from './graphql-schema.ts';
import { answerIssues } from './issues.ts';
import { answerMerge } from './merge.ts';
import { answerPulls } from './pulls.ts';
import type { GitHubState } from './state.ts';
import { answerStatuses } from './statuses.ts';

export interface ApiParts {
  readonly apiPath: '' | '/api/v3';
  readonly app: FakeApp | undefined;
  readonly tokens: Set<string>;
  readonly state: GitHubState;
  /** Records a deviation from the API as GitHub describes it. */
  readonly wrong: string[];
}

const ROOT = '/repos/acme/fleet';
const HANDLERS = [answerPulls, answerIssues, answerStatuses, answerMerge];

/** REST, every request and answer held against its description, and GraphQL. */
export function createApi({ apiPath, app, tokens, state, wrong }: ApiParts) {
  const description = describeGitHub(apiPath);
  const graphqlPath = `${apiPath.replace('/v3', '')}/graphql`;
  const isKnown = (request: Request) =>
    tokens.has(request.headers.get('authorization')?.replace(/^token /, '') ?? '');

  async function answerRest(asked: Asked, request: Request): Promise<Fault> {
    const authorization = request.headers.get('authorization');
    const ofApp = app && answerApp(app, { ...asked, authorization }, tokens);
    if (ofApp) return ofApp;
    if (!isKnown(request)) return problem(401, 'Bad credentials');
    return asked.path.startsWith(`${ROOT}/`)
      ? answerRepository(state, { ...asked, path: asked.path.slice(ROOT.length) })
      : problem(404, 'Not Found');
  }

  return async (request: Request, { pathname, searchParams: query }: URL): Promise<Fault> => {
    const text = await request.text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const asked = { method: request.method, path: pathname.slice(apiPath.length), query, body };
    if (pathname === graphqlPath) {
      if (!isKnown(request)) return problem(401, 'Bad credentials');
      const { query: operation, variables } = body as { query: string; variables: Record<string, unknown> };
      wrong.push(...graphqlFaults(operation, variables));
      return answerGraphql(state, asked, lackingFields(apiPath, request, state));
    }
    if (!pathname.startsWith(`${apiPath}/`)) return problem(404, 'Not Found');
    const answered = await answerRest(asked, request);
    wrong.push(...description.requestFaults(asked));
    wrong.push(...description.answerFaults(asked, answered.status, answered.body));
    return answered;
  };
}

const PREVIEW = 'application/vnd.github.merge-info-preview+json';

/**
 * Enterprise Server had this field as a preview:
 * https://docs.github.com/en/enterprise-server@3.12/graphql/overview/schema-previews
 */
function lackingFields(apiPath: string, { headers }: Request, { options }: GitHubState): readonly string[] {
  const isPreview = apiPath === '/api/v3' && !headers.get('accept')?.includes(PREVIEW);
  return isPreview ? ['mergeStateStatus', ...options.lacks] : options.lacks;
}

async function answerRepository(state: GitHubState, asked: Asked): Promise<Fault> {
  for (const handler of HANDLERS) {
    const answered = await handler(state, asked);
    if (answered) return answered;
  }
  return problem(404, 'Not Found');
}

import { jsonAnswer } from '../json-server.ts';
import { refusal } from './answers.ts';
import type { BitbucketState, FakePull } from './state.ts';

type Body = Readonly<Record<string, unknown>>;

/** `null` where the pull request is open and of this version. */
function stale(pull: FakePull, query: URLSearchParams): Response | null {
  if (pull.state !== 'OPEN') {
    const message = `This pull request has already been ${pull.state}.`;
    return refusal(409, 'pull.IllegalPullRequestStateException', message);
  }
  if (query.get('version') === String(pull.version)) return null;
  const message = 'You are attempting to modify a pull request based on out-of-date information.';
  return refusal(409, 'pull.PullRequestOutOfDateException', message);
}

/** Declines the pull request, with the reason if one is given. */
export function decline(state: BitbucketState, pull: FakePull, query: URLSearchParams, body: Body): Response {
  const refused = stale(pull, query);
  if (refused) return refused;
  if (typeof body.comment === 'string') say(state, pull, body.comment);
  Object.assign(pull, { state: 'DECLINED', version: pull.version + 1 });
  return jsonAnswer(200, pull);
}

function say({ comments }: BitbucketState, { id }: FakePull, text: string): void {
  comments.set(id, [...(comments.get(id) ?? []), text]);
}

export function addComment(state: BitbucketState, pull: FakePull, body: Body): Response {
  const text = String(body.text ?? '');
  if (text === '') return refusal(400, 'validation.ArgumentValidationException', 'text: may not be empty');
  say(state, pull, text);
  return jsonAnswer(201, { id: 1, version: 0, text });
}

/** The activities of the pull request, the latest first. */
export function activities({ comments }: BitbucketState, { id }: FakePull, query: URLSearchParams): Response {
  const said = (comments.get(id) ?? []).map((text) => ({ action: 'COMMENTED', comment: { text } }));
  const values = [{ action: 'OPENED' }, ...said].toReversed().slice(0, Number(query.get('limit') ?? 25));
  return jsonAnswer(200, { size: values.length, isLastPage: true, values, start: 0 });
}

export function cancelMerge({ options }: BitbucketState, pull: FakePull): Response {
  if (options.autoMerge === 'unknown') return jsonAnswer(404, '<html>Not found</html>');
  if (pull.state !== 'OPEN') {
    const message = `This pull request has already been ${pull.state}.`;
    return refusal(409, 'pull.IllegalPullRequestStateException', message);
  }
  options.scheduled.splice(0);
  return new Response(null, { status: 204 });
}

export function addParticipant({ users }: BitbucketState, pull: FakePull, body: Body): Response {
  const { user, role } = body as { user?: { name?: string }; role?: string };
  const name = user?.name ?? '';
  if (role !== 'REVIEWER') return refusal(400, 'IllegalArgumentException', 'Only reviewers may be assigned.');
  if (name === 'turnpike') {
    const message = 'The author of a pull request may not be reassigned to another role.';
    return refusal(409, 'pull.InvalidPullRequestRoleException', message);
  }
  if (!users.has(name)) return refusal(404, 'user.NoSuchUserException', `User ${name} does not exist.`);
  pull.reviewers.push({ user: { name } });
  pull.version += 1;
  return jsonAnswer(200, { user: { name }, role: 'REVIEWER', approved: false, status: 'UNAPPROVED' });
}

export function canMerge({ options }: BitbucketState): Response {
  const vetoes = vetoesOf(options.vetoes);
  return jsonAnswer(200, { canMerge: vetoes.length === 0, conflicted: false, outcome: 'CLEAN', vetoes });
}

export function merge(
  { options }: BitbucketState,
  pull: FakePull,
  query: URLSearchParams,
  body: Body,
): Response {
  const refused = unmergeable(options, body) ?? stale(pull, query);
  if (refused) return refused;
  options.strategy = String(body.strategyId ?? Object.keys(options.strategies)[0]);
  const wantsAuto = body.autoMerge === true && options.autoMerge !== 'unknown';
  if (wantsAuto && options.autoMerge === 'off') {
    const message =
      'The auto-merge setting is not enabled for the repository that this pull request targets.';
    return jsonAnswer(403, { errors: [{ context: null, message, exceptionName: null }] });
  }
  if (options.vetoes.length > 0 && !wantsAuto) {
    const vetoed = { conflicted: false, vetoed: true, vetoes: vetoesOf(options.vetoes) };
    const message = 'Merging the pull request has been vetoed.';
    return refusal(409, 'pull.PullRequestMergeVetoedException', message, vetoed);
  }
  if (options.vetoes.length > 0) options.scheduled.push(pull.id);
  else Object.assign(pull, { state: 'MERGED', version: pull.version + 1 });
  return jsonAnswer(200, pull);
}

/** https://confluence.atlassian.com/bitbucketserver091/http-access-tokens-1443038354.html */
function unmergeable({ mayMerge, strategies }: BitbucketState['options'], body: Body): Response | undefined {
  if (!mayMerge) {
    return refusal(401, 'AuthorisationException', 'You are not permitted to access this resource');
  }
  const { strategyId } = body;
  if (strategyId === undefined || strategies[String(strategyId)]) return undefined;
  return refusal(409, 'pull.PullRequestMergeException', `The strategy ${strategyId} is not enabled.`);
}

/** https://developer.atlassian.com/server/bitbucket/rest/v906/api-group-repository/ */
export function pullRequestSettings({ options }: BitbucketState): Response {
  const strategies = Object.entries(options.strategies).map(([id, enabled]) => ({ id, enabled }));
  return jsonAnswer(200, { mergeConfig: { defaultStrategy: strategies[0], strategies, type: 'repository' } });
}

function vetoesOf(words: readonly string[]) {
  return words.map((detailedMessage) => ({ summaryMessage: 'Not all checks are met', detailedMessage }));
}

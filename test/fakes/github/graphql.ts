import { answer, type Fault } from './answers.ts';
import type { Asked } from './description.ts';
import { type Operation, parseOperation, type Selection, selected } from './graphql-query.ts';
import { mergeStateOf } from './merge.ts';
import { answerMutation, failed } from './mutations.ts';
import { hiddenAt, rollupOf } from './rollup.ts';
import { rulesOf } from './rules.ts';
import { fieldsOf, type GitHubState, statesOf } from './state.ts';
import type { FakePull } from './types.ts';

/**
 * The queries and the mutations that REST has no like of. An answer has the fields that the text names.
 *
 * @param lacks fields that this server does not know
 */
export async function answerGraphql(
  state: GitHubState,
  request: Asked,
  lacks: readonly string[],
): Promise<Fault> {
  const { query, variables } = fieldsOf(request) as { query: string; variables: Record<string, unknown> };
  const operation = parseOperation(query);
  const unknown = fieldsIn(operation.selections).find((name) => lacks.includes(name));
  if (unknown !== undefined) return undefinedField(unknown);
  if (operation.kind === 'mutation') {
    return answerMutation(state, operation, variables.input as Record<string, string>);
  }
  const pull = state.pulls.find(({ number }) => number === variables.number);
  if (variables.owner !== 'acme' || variables.repo !== 'fleet' || !pull) {
    const message = `Could not resolve to a Repository with the name '${variables.owner}/${variables.repo}'.`;
    return failed('repository', 'NOT_FOUND', message);
  }
  return answerRepository(state, operation, pull);
}

/** GitHub does nothing of an operation that it does not understand. */
function undefinedField(name: string): Fault {
  const message = `Field '${name}' doesn't exist on type 'PullRequest'`;
  const extensions = { code: 'undefinedField', typeName: 'PullRequest', fieldName: name };
  return answer(200, { errors: [{ path: ['query'], extensions, locations: [], message }] });
}

function fieldsIn(selections: readonly Selection[]): string[] {
  return selections.flatMap(({ name, selections: inner }) => [name, ...fieldsIn(inner)]);
}

async function answerRepository(
  state: GitHubState,
  { selections }: Operation,
  pull: FakePull,
): Promise<Fault> {
  const { methods, forbidden, mayQueue } = state.options;
  const place = ['repository', 'pullRequest'];
  const asked = fieldsIn(selections);
  const whole = forbidden.find((name) => asked.includes(name));
  // Null spreads to what may be null: https://spec.graphql.org/October2021/#sec-Handling-Field-Errors
  if (whole !== undefined) {
    return answer(200, {
      data: { repository: { pullRequest: null } },
      errors: [hiddenAt([...place, whole])],
    });
  }
  const { hidden, ...checks } = await checksOf(state, pull);
  const { hidden: hiddenRules, ...rules } = rulesOf(state, [...place, 'baseRef']);
  const { baseRef, ...others } = checks;
  const repository = {
    mergeCommitAllowed: methods.includes('merge'),
    squashMergeAllowed: methods.includes('squash'),
    rebaseMergeAllowed: methods.includes('rebase'),
    pullRequest: {
      ...fieldsOfPull(state, pull),
      ...others,
      baseRef: baseRef && { ...baseRef, ...rules },
    },
  };
  const hiddenQueue =
    !mayQueue && state.queue.has(pull.number) ? [hiddenAt([...place, 'mergeQueueEntry'])] : [];
  const errors = [
    ...(asked.includes('statusCheckRollup') ? hidden : []),
    ...hiddenRules,
    ...hiddenQueue,
  ].filter(({ path }) => path.every((part) => typeof part === 'number' || asked.includes(part)));
  const data = selected({ repository }, selections);
  return answer(200, { data, ...(errors.length > 0 && { errors }) });
}

function fieldsOfPull(state: GitHubState, pull: FakePull): object {
  const { number, head } = pull;
  const isQueued = state.queue.has(number);
  return {
    id: pull.node_id,
    state: pull.merged ? 'MERGED' : pull.state.toUpperCase(),
    headRefOid: head.sha,
    baseRefName: pull.base.ref,
    mergeStateStatus: mergeStateOf(state, pull),
    autoMergeRequest: pull.auto_merge && {
      enabledAt: '2026-11-21T10:00:00Z',
      mergeMethod: pull.auto_merge.merge_method.toUpperCase(),
    },
    isInMergeQueue: isQueued,
    isMergeQueueEnabled: state.options.mergeQueue,
    mergeQueueEntry: isQueued && state.options.mayQueue ? { headCommit: groupOf(state, number) } : null,
    timelineItems: { nodes: (state.timeline.get(number) ?? []).slice(-1).map(eventOf) },
  };
}

function groupOf(state: GitHubState, number: number): object | null {
  const oid = state.groups.get(number);
  if (oid === undefined) return null;
  const ours = statesOf(state, oid).get('turnpike/promotion');
  return { oid, status: ours === undefined ? null : { context: { state: ours.toUpperCase() } } };
}

function eventOf(event: string): object {
  const words = event.toLowerCase().split('_');
  return { __typename: words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('') };
}

/** Checks of the head and of the base branch, which may be gone. */
async function checksOf(state: GitHubState, pull: FakePull) {
  const place = ['repository', 'pullRequest'];
  const ofHead = ['commits', 'nodes', 0, 'commit', 'statusCheckRollup', 'contexts', 'nodes'];
  const ofBase = ['baseRef', 'target', 'statusCheckRollup', 'contexts', 'nodes'];
  const tip = await state.known.tip(pull.base.ref);
  const head = rollupOf(state, pull.head.sha, [...place, ...ofHead]);
  const base = rollupOf(state, tip, [...place, ...ofBase]);
  return {
    commits: { nodes: [{ commit: { statusCheckRollup: head.rollup } }] },
    baseRef: tip === undefined ? null : { target: { statusCheckRollup: base.rollup } },
    hidden: [...head.hidden, ...base.hidden],
  };
}

import { describe, expect, test } from 'bun:test';
import { parseOperation, selected } from '../../fakes/github/graphql-query.ts';
import { graphqlFaults } from '../../fakes/github/graphql-schema.ts';

const VARIABLES = { owner: 'acme', repo: 'fleet', number: 1 };
const START = 'query ($owner: String!, $repo: String!, $number: Int!)';

function faults(fields: string, variables: Readonly<Record<string, unknown>> = VARIABLES): string[] {
  const text = `${START} { repository(owner: $owner, name: $repo) { pullRequest(number: $number) { ${fields} } } }`;
  return graphqlFaults(text, variables);
}

function mutationFaults(input: object): string[] {
  const text =
    'mutation ($input: EnqueuePullRequestInput!) { enqueuePullRequest(input: $input) { clientMutationId } }';
  return graphqlFaults(text, { input });
}

describe("the stand-in holds GraphQL against GitHub's schema", () => {
  test('and finds nothing wrong with what is there', () => {
    expect(
      faults('id commits(last: 1) { nodes { commit { oid status { context(name: "a/b") { state } } } } }'),
    ).toEqual([]);
    expect(
      faults(
        'timelineItems(last: 1, itemTypes: [ADDED_TO_MERGE_QUEUE_EVENT, HEAD_REF_FORCE_PUSHED_EVENT]) { nodes { __typename } }',
      ),
    ).toEqual([]);
    expect(mutationFaults({ pullRequestId: 'PR_1', expectedHeadOid: 'c0ffee' })).toEqual([]);
  });

  test.each([
    [
      'a field that does not exist',
      'isInTheQueue',
      "Field 'isInTheQueue' doesn't exist on type 'PullRequest'",
    ],
    ['an object without fields', 'baseRef', 'PullRequest.baseRef is an object'],
    ['fields of what is none', 'id { id }', 'PullRequest.id is no object'],
    [
      'an argument that does not exist',
      'commits(newest: 1) { totalCount }',
      'PullRequest.commits has no argument newest',
    ],
    [
      'an argument that is left out',
      'commits(last: 1) { nodes { commit { status { context { state } } } } }',
      'Status.context wants the argument name',
    ],
    [
      'a value that an enum lacks',
      'timelineItems(last: 1, itemTypes: [ADDED]) { nodes { __typename } }',
      'PullRequest.timelineItems wants itemTypes: [PullRequestTimelineItemsItemType!], not [ADDED]',
    ],
    [
      'a type that is none of a union',
      'baseRef { target { ... on PullRequest { id } } }',
      'GitObject is never PullRequest',
    ],
  ])('and names %s', (_, fields, fault) => {
    expect(faults(fields)).toEqual([fault]);
  });

  test('and names variables and inputs that are wrong', () => {
    expect(faults('id', { ...VARIABLES, number: '1', more: 1 })).toEqual([
      '$more is given and not declared',
      '$number is no Int',
    ]);
    expect(mutationFaults({ id: 'PR_1', expectedHeadOid: 1 })).toEqual([
      'EnqueuePullRequestInput has no field id',
      '$input.expectedHeadOid is no GitObjectID',
      '$input.pullRequestId must be there',
    ]);
  });

  test('and answers what is asked for and nothing else', () => {
    const { selections } = parseOperation('query { a { b ... on T { c d } } }');
    expect(selected({ a: [{ b: 1, c: 2, e: 3 }], f: 4 }, selections)).toEqual({ a: [{ b: 1, c: 2 }] });
    expect(() => selected({ g: 1 }, selections)).toThrow('the stand-in has no field a');
  });
});

import { type JsonAsked, jsonAnswer } from '../json-server.ts';
import { refusal } from './answers.ts';
import { idOf, resultOf } from './policies.ts';
import { type AzureState, OWN_ID, PROJECT_ID } from './state.ts';

/** The resources that belong to the organization or the project and not to the repository. */
export function organization(state: AzureState, { path, query }: JsonAsked): Response | undefined {
  switch (path) {
    case '/acme/_apis/identities':
      return identities(state, query.get('filterValue') ?? '');
    case '/acme/_apis/connectionData':
      return jsonAnswer(200, { authenticatedUser: { id: OWN_ID, isActive: true } });
    case '/acme/Platform%20Team/_apis/policy/evaluations':
      return evaluations(state, query.get('artifactId') ?? '');
    default:
      return undefined;
  }
}

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/ims/identities/read-identities */
function identities({ identities: known, options }: AzureState, wanted: string): Response {
  if (!options.mayReadIdentities) {
    return refusal(
      403,
      'AccessCheckException',
      'Access Denied: ann needs the following permission(s): Read.',
    );
  }
  const value = [...known]
    .filter(([, name]) => name.startsWith(wanted))
    .map(([id, name]) => ({ id, providerDisplayName: name, isActive: true }));
  return jsonAnswer(200, { value, count: value.length });
}

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/policy/evaluations/list */
function evaluations(state: AzureState, artifactId: string): Response {
  const { options, pulls } = state;
  const start = `vstfs:///CodeReview/CodeReviewId/${PROJECT_ID}/`;
  const pull = pulls.find(({ pullRequestId }) => `${start}${pullRequestId}` === artifactId);
  if (!pull) {
    return refusal(400, 'InvalidArgumentValueException', `The artifact ${artifactId} is not valid.`);
  }
  const value = options.policies.map((policy) => {
    const { type, settings = {}, isBlocking } = policy;
    const id = idOf(state, policy);
    const configuration = { id, type, settings, isBlocking, isEnabled: true, isDeleted: false };
    return { status: resultOf(policy, pull), configuration };
  });
  return jsonAnswer(200, { value, count: value.length });
}

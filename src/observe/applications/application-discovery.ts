import { applicationKindProblem, isKnownApplication } from '../../decide/model/application-kind.ts';
import { TurnpikeError } from '../../lib/errors.ts';
import type { Discovery } from '../../lib/kube/index.ts';
import { groupOf } from '../../lib/kube/pure.ts';
import type { GrantedKinds } from './granted-kinds.ts';

/**
 * Discovery for applications alone: every read or watch of one goes through here. Kinds that never are applications are
 * not looked for. In our own cluster RBAC says which others are; `granted`: of another cluster, where a kubeconfig may
 * have all rights there are, only those that we may read in our own.
 */
export function createApplicationDiscovery(discovery: Discovery, granted?: GrantedKinds): Discovery {
  return {
    ...discovery,
    async resource(apiVersion, kind) {
      const problem = applicationKindProblem({ apiVersion });
      if (problem) throw new TurnpikeError('ConfigInvalid', problem);
      const resource = await discovery.resource(apiVersion, kind);
      if (!granted || isKnownApplication({ apiVersion, kind })) return resource;
      const group = groupOf(resource.apiVersion);
      if (await granted.has(group, resource.plural)) return resource;
      const message = `${kind} of ${group} is not a kind that Turnpike reads on other clusters: grant ${resource.plural}.${group} in the ClusterRole turnpike-applications of its own cluster.`;
      throw new TurnpikeError('ApiForbidden', message);
    },
  };
}

import type { HostPolicy } from '../../lib/net/pure.ts';
import type { Facts } from './facts.ts';
import type { Needs } from './needs.ts';
import { type FieldProblem, type Findings, mergeFindings } from './problem.ts';
import { proxiedProblems } from './secrets/secret-hosts.ts';
import { secretFindings } from './secrets/secrets.ts';

/** What the rules say of the things around a Pipeline; all but its Secrets is warned of only. */
export function surroundingFindings(needs: Needs, facts: Facts, policy: HostPolicy): Findings {
  const { namespace } = needs.names;
  const secrets = needs.secrets.map((need) =>
    secretFindings(need, namespace, facts.secrets.get(need.name), { policy, now: facts.now }),
  );
  const proxied = proxiedProblems(needs.secrets, namespace, facts, policy);
  return mergeFindings(...secrets, { problems: proxied, warnings: doubts(needs, facts) });
}

function doubts(needs: Needs, facts: Facts): FieldProblem[] {
  const clusters = needs.clusters.flatMap(({ key, field, ref }): FieldProblem[] => {
    const message = facts.clusters.get(key);
    return message ? [{ rule: 'cluster-exists', field, value: ref.name, message }] : [];
  });
  // One sentence does for all namespaces where it is the same.
  const unread = needs.applications.flatMap(({ namespace }) => facts.applications.get(namespace) ?? []);
  const applications = [...new Set(unread)].map((message): FieldProblem => {
    return { rule: 'application-readable', field: 'spec.appRef', value: needs.appRef.kind, message };
  });
  const authors = needs.applications.flatMap(({ namespace, field }): FieldProblem[] => {
    const message = facts.authors.get(namespace);
    if (!message) return [];
    return [{ rule: 'target-readable-by-author', field: `${field}.namespace`, value: namespace, message }];
  });
  const governors = needs.targets.flatMap(({ key, field }): FieldProblem[] => {
    const message = facts.governors.get(key);
    return message ? [{ rule: 'application-governed-once', field, message }] : [];
  });
  return [...clusters, ...applications, ...authors, ...governors];
}

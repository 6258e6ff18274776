import type { HostPolicy } from '../../lib/net/pure.ts';
import { type FieldProblem, type Findings, mergeFindings } from './problem.ts';
import type { ReferencedObjects } from './referenced-objects.ts';
import type { References } from './references.ts';
import { proxiedProblems } from './secrets/secret-hosts.ts';
import { secretFindings } from './secrets/secrets.ts';

/** Checks the objects that a Pipeline references; all but its Secrets only cause warnings. */
export function checkReferences(
  references: References,
  objects: ReferencedObjects,
  policy: HostPolicy,
): Findings {
  const { namespace } = references.names;
  const secrets = references.secrets.map((reference) =>
    secretFindings(reference, namespace, objects.secrets.get(reference.name), { policy, now: objects.now }),
  );
  const proxied = proxiedProblems(references.secrets, namespace, objects, policy);
  return mergeFindings(...secrets, { problems: proxied, warnings: warningsOf(references, objects) });
}

function warningsOf(references: References, objects: ReferencedObjects): FieldProblem[] {
  const clusters = references.clusters.flatMap(({ key, field, ref }): FieldProblem[] => {
    const message = objects.clusters.get(key);
    return message ? [{ rule: 'cluster-exists', field, value: ref.name, message }] : [];
  });
  // Namespaces with the same sentence share one.
  const unread = references.applications.flatMap(
    ({ namespace }) => objects.applications.get(namespace) ?? [],
  );
  const applications = [...new Set(unread)].map((message): FieldProblem => {
    return { rule: 'application-readable', field: 'spec.appRef', value: references.appRef.kind, message };
  });
  const authors = references.applications.flatMap(({ namespace, field }): FieldProblem[] => {
    const message = objects.authors.get(namespace);
    if (!message) return [];
    return [{ rule: 'target-readable-by-author', field: `${field}.namespace`, value: namespace, message }];
  });
  const managers = references.targets.flatMap(({ key, field }): FieldProblem[] => {
    const message = objects.managers.get(key);
    return message ? [{ rule: 'application-governed-once', field, message }] : [];
  });
  return [...clusters, ...applications, ...authors, ...managers];
}

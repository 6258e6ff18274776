import { ALLOWED_NAMESPACES } from '../../api/group.ts';
import { commaSeparated } from '../../lib/text/index.ts';

/**
 * True if Pipelines of a namespace may use a GitopsCluster, by its annotation: names of namespaces, comma-separated, or
 * `*` among them. Without the annotation all may; those in its own namespace always do.
 */
export function allowsNamespace(
  annotation: string | undefined,
  { own, user }: { readonly own: string; readonly user: string },
): boolean {
  if (annotation === undefined || user === own) return true;
  return commaSeparated(annotation).some((name) => name === '*' || name === user);
}

/**
 * The same sentence serves for a GitopsCluster that is absent and for one that others may use: no Pipeline learns
 * which.
 */
export function noGitopsCluster(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  user: string,
): string {
  if (namespace === user) {
    return `There is no GitopsCluster ${namespace}/${name}: create it, or correct the name.`;
  }
  return `There is no GitopsCluster ${namespace}/${name} for Pipelines of the namespace ${user}: correct the name, or have ${user} added to its annotation ${ALLOWED_NAMESPACES}.`;
}

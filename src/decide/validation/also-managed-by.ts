/** Warns of another Pipeline that promotes the application at a target; an empty namespace is left out. */
export function alsoManagedBy(namespace: string, name: string): string {
  return warning(`Pipeline ${namespace === '' ? name : `${namespace}/${name}`}`);
}

/** Warns without a name, for those who may not know what other namespaces hold. */
export function alsoManagedByForeign(): string {
  return warning('A Pipeline of another namespace');
}

/** Warns of one in the Pipeline's own namespace, for those who may not see its others. */
export function alsoManagedByUnnamed(): string {
  return warning('Another Pipeline');
}

function warning(who: string): string {
  return `${who} also manages this application: two Pipelines would promote against each other.`;
}

/** Who else promotes the application at a target; an empty namespace is left out. */
export function governorDoubt(namespace: string, name: string): string {
  return doubt(`Pipeline ${namespace === '' ? name : `${namespace}/${name}`}`);
}

/** The same without a name, for those who may not know what other namespaces hold. */
export function foreignGovernorDoubt(): string {
  return doubt('A Pipeline of another namespace');
}

/** The same of the Pipeline's own namespace, for those who may not see its others. */
export function unnamedGovernorDoubt(): string {
  return doubt('Another Pipeline');
}

function doubt(who: string): string {
  return `${who} governs this application too: two Pipelines would promote against each other.`;
}

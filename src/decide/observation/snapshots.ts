/** What kustomize-controller keeps in the history of a Kustomization: the contents that it has applied. RFC 3339. */
export interface Snapshot {
  readonly firstReconciled?: string | undefined;
  readonly lastReconciled?: string | undefined;
}

/** Since when the newest snapshot has been applied and no other one: the same content may have been there before. */
export function snapshotSince([newest, ...others]: readonly Snapshot[]): string | undefined {
  if (newest?.firstReconciled === undefined) return undefined;
  const times = [newest.firstReconciled, ...others.flatMap((one) => one.lastReconciled ?? [])];
  return times.toSorted((one, other) => Date.parse(other) - Date.parse(one))[0];
}

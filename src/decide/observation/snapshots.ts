/**
 * The history of a Kustomization as kustomize-controller keeps it: the contents that it has applied. Times are RFC
 * 3339.
 */
export interface Snapshot {
  readonly firstReconciled?: string | undefined;
  readonly lastReconciled?: string | undefined;
}

/** The time since which the newest snapshot alone has been applied: the same content may have been there before. */
export function snapshotSince([newest, ...others]: readonly Snapshot[]): string | undefined {
  if (newest?.firstReconciled === undefined) return undefined;
  const times = [newest.firstReconciled, ...others.flatMap((one) => one.lastReconciled ?? [])];
  return times.toSorted((one, other) => Date.parse(other) - Date.parse(one))[0];
}

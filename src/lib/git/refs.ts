/** Begins the refs of branches. */
export const HEADS = 'refs/heads/';

/** `refs/heads/main`, as Git and some forges call the branch `main`. */
export function refOf(branch: string): string {
  return HEADS + branch;
}

export function branchOf(ref: string): string {
  return ref.startsWith(HEADS) ? ref.slice(HEADS.length) : ref;
}

/** Hosts keep `refs/heads/<branch>` within 255 bytes. */
const MAX_BYTES = 244;

interface BranchRule {
  readonly broken: (branch: string) => boolean;
  readonly message: string;
}

/** The rules of git-check-ref-format(1) for `refs/heads/<branch>`, and that no branch looks like an option. */
const RULES: readonly BranchRule[] = [
  { broken: (branch) => branch === '', message: 'A branch needs a name.' },
  { broken: isTooLong, message: `A branch's name has at most ${MAX_BYTES} bytes.` },
  { broken: (branch) => branch.startsWith('-'), message: 'A branch must not start with "-".' },
  { broken: (branch) => branch === 'HEAD' || branch === '@', message: 'HEAD and @ are not branches.' },
  {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
    broken: (branch) => /[\u0000-\u0020\u007f~^:?*[\\]/.test(branch),
    message: 'A branch must not hold blanks, control characters or any of ~ ^ : ? * [ \\.',
  },
  {
    broken: (branch) => branch.includes('..') || branch.includes('@{'),
    message: 'A branch must not hold ".." or "@{".',
  },
  {
    broken: (branch) => branch.split('/').includes(''),
    message: 'A branch must not start or end with "/" or hold "//".',
  },
  { broken: (branch) => branch.endsWith('.'), message: 'A branch must not end with ".".' },
  {
    broken: (branch) => branch.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock')),
    message: 'No part of a branch between slashes may start with "." or end with ".lock".',
  },
];

/** The sentence that says why Git would not take this branch name, or undefined. */
export function branchProblem(branch: string): string | undefined {
  return RULES.find((rule) => rule.broken(branch))?.message;
}

/** The branch of the pull request that promotes into an environment; the name is the predecessor's. */
export function promotionBranch(namespace: string, name: string, environment: string): string {
  return `promotion-${namespace}-${name}-${environment}`;
}

function isTooLong(branch: string): boolean {
  return new TextEncoder().encode(branch).length > MAX_BYTES;
}

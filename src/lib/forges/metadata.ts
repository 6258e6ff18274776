import { hasCode } from '../errors.ts';
import type { Metadata, PullRequest } from './port.ts';
import type { ForgeContext } from './request/types.ts';

/**
 * Returns the wanted metadata that is missing. Forges compare names without regard to case, or have nearly none that
 * differ by it.
 */
export function missingOf(pull: PullRequest, wanted: Metadata): Metadata {
  return {
    labels: missing(wanted.labels, pull.labels),
    assignees: missing(wanted.assignees, pull.assignees),
    reviewers: missing(wanted.reviewers, pull.reviewers),
  };
}

export function missing(wanted: readonly string[], present: readonly string[]): string[] {
  const seen = new Set(present.map((name) => name.toLowerCase()));
  return wanted.filter((name) => {
    const isNew = !seen.has(name.toLowerCase());
    seen.add(name.toLowerCase());
    return isNew;
  });
}

/** Returns sentences about metadata that the forge did not take. */
export type MetadataStep = () => Promise<readonly string[]>;

/** Runs all steps, one after the other: a refusal for good becomes a sentence, one that may pass is thrown. */
export async function runSteps(steps: readonly MetadataStep[]): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const step of steps) {
    try {
      problems.push(...(await step()));
    } catch (error) {
      if (!hasCode(error, 'ForgeRefused', 'ForgeUnauthorized', 'ForgeNotFound', 'HostNotAllowed'))
        throw error;
      problems.push(error.message);
    }
  }
  return problems;
}

/**
 * Adds all names at once, and one by one when that is refused: one wrong name must not keep the others out. Returns the
 * names that were not taken.
 */
export async function addEach(
  names: readonly string[],
  add: (names: readonly string[]) => Promise<boolean>,
): Promise<readonly string[]> {
  if (names.length === 0 || (await add(names))) return [];
  if (names.length === 1) return names;
  const refused: string[] = [];
  for (const name of names) {
    if (!(await add([name]))) refused.push(name);
  }
  return refused;
}

const ADVICE = {
  labels: 'create them in the repository',
  assignees: 'check the names, and that these users may write to the repository',
  reviewers:
    'check the names, and that these users may read the repository and did not open the pull request',
} as const;

export function notTaken(
  kind: keyof Metadata,
  names: readonly string[],
  { name, host, repository }: ForgeContext,
): string[] {
  if (names.length === 0) return [];
  const sentence = `${name} at ${host} did not take the ${kind} ${names.join(', ')} in ${repository}: ${ADVICE[kind]}.`;
  return [sentence];
}

/** The sentence for a kind of metadata that the forge does not have at all. */
export function notThere(kind: keyof Metadata, names: readonly string[], { name }: ForgeContext): string[] {
  if (names.length === 0) return [];
  return [`${name} has no ${kind} of pull requests: take ${names.join(', ')} out of the Pipeline.`];
}

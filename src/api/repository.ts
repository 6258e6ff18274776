import * as v from 'valibot';
import { BRANCH_RULES, MAX_BRANCH_BYTES } from '../lib/git/pure.ts';
import { FORM, URL_RULES } from '../lib/net/pure.ts';
import { rules, textPipe, textRules, withFastPath } from './rules.ts';

const URL_BOUNDS = { maxLength: 2048, rules: URL_RULES };

/** The text alone: its rules belong to the object around it, so that no password is quoted. */
export const repositoryUrl = withFastPath(
  v.pipe(
    ...textPipe(URL_BOUNDS),
    v.description(
      `URL of the Git repository: ${FORM}, or ssh://git@<host>/<owner>/<repository>; without password, query and fragment.`,
    ),
  ),
  URL_BOUNDS,
);

const BRANCH_BOUNDS = { maxLength: MAX_BRANCH_BYTES, rules: BRANCH_RULES };

export function branchOf(description: string) {
  return withFastPath(
    v.pipe(...textPipe(BRANCH_BOUNDS), rules(...textRules(BRANCH_RULES)), v.description(description)),
    BRANCH_BOUNDS,
  );
}

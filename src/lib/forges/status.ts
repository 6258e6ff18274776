import { cut } from '../text/index.ts';

/** The name of all our statuses. */
export const STATUS_CONTEXT = 'turnpike/promotion';

/** The text of a status where nothing holds a pull request back. */
export const GATES_OPEN = 'The gates are open.';

/** The job of docs/workflows/turnpike-status.yaml, which sets that for pull requests that are not promotions. */
export const STATUS_JOB = 'turnpike-status';

/** True for a check that is not a sign of CI. Gitea calls a job by its workflow, its name and the event. */
export function isOurCheck(name: string): boolean {
  return name === STATUS_CONTEXT || name === STATUS_JOB || name.startsWith(`${STATUS_JOB} / ${STATUS_JOB} (`);
}

/** Most forges take 255 characters, or more. */
export const MAX_STATUS = 255;

export function cutStatus(description: string, length = MAX_STATUS): string {
  return cut(description, length);
}

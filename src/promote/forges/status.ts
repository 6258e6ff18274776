/** What all statuses of ours are called. */
export const STATUS_CONTEXT = 'turnpike/promotion';

/** Most forges take 255 characters, or more. */
export const MAX_STATUS = 255;

export function cutStatus(description: string, length = MAX_STATUS): string {
  if (description.length <= length) return description;
  return `${description.slice(0, length - 1).toWellFormed()}…`;
}

import { jsonAnswer } from '../json-server.ts';

export const TOO_LONG = 'is too long (maximum is 255 characters)';

/** Rails counts characters, neither bytes nor code units: https://docs.gitlab.com/api/merge_requests/#create-mr */
export function isTooLong(text: unknown): boolean {
  return typeof text === 'string' && [...text].length > 255;
}

export function answer(status: number, body: unknown): Response {
  return jsonAnswer(status, body, { 'ratelimit-limit': '2000', 'ratelimit-remaining': '1999' });
}

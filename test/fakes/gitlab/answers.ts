import { jsonAnswer } from '../json-server.ts';

export function answer(status: number, body: unknown): Response {
  return jsonAnswer(status, body, { 'ratelimit-limit': '2000', 'ratelimit-remaining': '1999' });
}

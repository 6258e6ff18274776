import { jsonAnswer } from '../json-server.ts';

/** Bitbucket's form of an error. */
export function refusal(status: number, exception: string, message: string, more: object = {}): Response {
  const exceptionName = `com.atlassian.bitbucket.${exception}`;
  return jsonAnswer(status, { errors: [{ context: null, message, exceptionName, ...more }] });
}

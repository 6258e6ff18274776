import { jsonAnswer } from '../json-server.ts';

/** Azure's form of an error. */
export function refusal(status: number, typeKey: string, message: string): Response {
  const typeName = `Microsoft.TeamFoundation.Git.Server.${typeKey}, Microsoft.TeamFoundation.Git.Server`;
  return jsonAnswer(status, { $id: '1', innerException: null, message, typeName, typeKey, errorCode: 0 });
}

import { connectionSecrets } from '../net/index.ts';
import type { GitCredentials } from './remote.ts';

/**
 * The `Authorization` header for Git over HTTPS, sent up front so that no 401 has to be waited for; undefined
 * without credentials. A token alone goes as the password of `x-access-token`, which GitHub wants for the
 * tokens of its apps; its other tokens, Gitea, GitLab and Azure DevOps take any name.
 */
export function authorization(credentials: GitCredentials): string | undefined {
  if (credentials.bearerToken !== undefined) return `Bearer ${credentials.bearerToken}`;
  const password = credentials.password ?? credentials.token;
  if (password === undefined) return undefined;
  const username = credentials.username ?? (credentials.password === undefined ? 'x-access-token' : 'git');
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** `text` without the secrets, should a server have sent them back. */
export function redact(text: string, credentials: GitCredentials): string {
  const { token, password } = credentials;
  const header = authorization(credentials)?.replace(/^\w+ /, '');
  const secrets = [token, password, header, ...connectionSecrets(credentials)];
  return secrets.reduce<string>((kept, secret) => (secret ? kept.replaceAll(secret, '***') : kept), text);
}

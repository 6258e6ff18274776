import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { EXAMPLES } from './description.ts';

/** A GitHub App that `acme` has installed. */
export interface FakeApp {
  readonly id: string;
  readonly installation: number;
  /** As GitHub gives it, in PEM. */
  readonly privateKey: string;
  readonly publicKey: string;
}

const { privateKey: PRIVATE_KEY } = generateKeyPairSync('rsa', { modulusLength: 2048 });

export function fakeApp(format: 'pkcs1' | 'pkcs8' = 'pkcs1'): FakeApp {
  return {
    id: '4711',
    installation: 815,
    privateKey: PRIVATE_KEY.export({ type: format, format: 'pem' }).toString(),
    publicKey: createPublicKey(PRIVATE_KEY).export({ type: 'spki', format: 'pem' }).toString(),
  };
}

export interface AppAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** `acme` is an organization, `jane` a user. */
const OWNERS = ['/orgs/acme/installation', '/users/jane/installation'];

/**
 * The endpoints that an app asks as itself; undefined for any other. A token that is made goes into `tokens`:
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
 */
export function answerApp(
  app: FakeApp,
  { method, path, authorization }: { method: string; path: string; authorization: string | null },
  tokens: Set<string>,
): AppAnswer | undefined {
  const isOwner = method === 'GET' && /^\/(orgs|users)\/[^/]+\/installation$/.test(path);
  const wanted = method === 'POST' ? /^\/app\/installations\/(\d+)\/access_tokens$/.exec(path) : undefined;
  if (!isOwner && !wanted) return undefined;
  const refused = refusal(app, authorization ?? '');
  if (refused !== undefined) return problem(401, refused);
  if (isOwner && OWNERS.includes(path)) {
    return { status: 200, body: { ...EXAMPLES.installation, id: app.installation, app_id: Number(app.id) } };
  }
  if (wanted?.[1] !== String(app.installation)) return problem(404, 'Not Found');
  const token = `ghs_${crypto.randomUUID().replaceAll('-', '')}`;
  tokens.add(token);
  const { repositories: _, ...example } = EXAMPLES['installation-token'];
  return { status: 201, body: { ...example, token, expires_at: inAnHour() } };
}

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** GitHub's words for what is wrong with the app's own token (RFC 7519), which lasts ten minutes at most. */
function refusal(app: FakeApp, authorization: string): string | undefined {
  const [header = '', payload = '', signature = ''] = authorization.replace(/^bearer /i, '').split('.');
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify('sha256', signed, app.publicKey, Buffer.from(signature, 'base64url'))) {
    return 'A JSON web token could not be decoded';
  }
  const { iss, iat, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const now = Date.now() / 1000;
  if (String(iss) !== app.id) return 'Integration not found';
  if (!(iat <= now))
    return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
  if (!(exp > now && exp - iat <= 660)) return "'Expiration time' claim ('exp') is too far in the future";
  return undefined;
}

function problem(status: number, message: string): AppAnswer {
  return {
    status,
    body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
  };
}

import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { EXAMPLES } from './description.ts';

/** A GitHub App that `acme` has installed. */
export interface FakeApp {
  readonly id: string;
  readonly installation: number;
  /** The private key as GitHub gives it, in PEM. */
  readonly privateKey: string;
  readonly publicKey: string;
  /** The permissions of the installation and its repositories; tests change it. */
  granted: Readonly<Record<string, string>>;
  repositories: readonly string[];
  /** Rights that this version of the server does not know. */
  unknown: readonly string[];
  /** The bodies of the requests for tokens. */
  readonly asked: unknown[];
}

const { privateKey: PRIVATE_KEY } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** More than is needed, as an app has that serves others too. */
export const GRANTED = {
  metadata: 'read',
  contents: 'write',
  pull_requests: 'write',
  statuses: 'write',
  merge_queues: 'write',
  administration: 'write',
};

export function fakeApp(format: 'pkcs1' | 'pkcs8' = 'pkcs1'): FakeApp {
  return {
    id: '4711',
    installation: 815,
    privateKey: PRIVATE_KEY.export({ type: format, format: 'pem' }).toString(),
    publicKey: createPublicKey(PRIVATE_KEY).export({ type: 'spki', format: 'pem' }).toString(),
    granted: GRANTED,
    repositories: ['fleet', 'other'],
    unknown: [],
    asked: [],
  };
}

export interface AppAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface AppRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly authorization: string | null;
}

interface Wanted {
  readonly repositories?: readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
}

/** `acme` is an organization, `jane` a user. */
const OWNERS = ['/orgs/acme/installation', '/users/jane/installation'];

/**
 * The endpoints that an app asks as itself; undefined for any other. A token that is made goes into `tokens`:
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
 */
export function answerApp(
  app: FakeApp,
  { method, path, body, authorization }: AppRequest,
  tokens: Set<string>,
): AppAnswer | undefined {
  const isOwner =
    method === 'GET' && /^\/((orgs|users)\/[^/]+\/installation|app\/installations\/\d+)$/.test(path);
  const wanted = method === 'POST' ? /^\/app\/installations\/(\d+)\/access_tokens$/.exec(path) : undefined;
  if (!isOwner && !wanted) return undefined;
  const refused = refusal(app, authorization ?? '');
  if (refused !== undefined) return problem(401, refused);
  if (isOwner && [...OWNERS, `/app/installations/${app.installation}`].includes(path)) {
    const known = { id: app.installation, app_id: Number(app.id), permissions: app.granted };
    return { status: 200, body: { ...EXAMPLES.installation, ...known } };
  }
  if (wanted?.[1] !== String(app.installation)) return problem(404, 'Not Found');
  app.asked.push(body);
  const beyond = notGranted(app, (body ?? {}) as Wanted);
  if (beyond !== undefined) return problem(422, beyond);
  const token = `ghs_${crypto.randomUUID().replaceAll('-', '')}`;
  tokens.add(token);
  const { repositories: _, ...example } = EXAMPLES['installation-token'];
  return { status: 201, body: { ...example, token, expires_at: inAnHour() } };
}

/** GitHub's words for more than there is; `admin` is above `write`, and that above `read`. */
function notGranted(app: FakeApp, { repositories = [], permissions = {} }: Wanted): string | undefined {
  if (!repositories.every((name) => app.repositories.includes(name))) {
    return 'There is at least one repository that does not exist or is not accessible to the parent installation.';
  }
  const unknown = app.unknown.find((right) => right in permissions);
  if (unknown !== undefined) return `Invalid request. "${unknown}" is not a permitted key.`;
  const levels = ['read', 'write', 'admin'];
  const isGranted = ([right, level]: [string, string]) =>
    levels.indexOf(app.granted[right] ?? '') >= levels.indexOf(level);
  return Object.entries(permissions).every(isGranted)
    ? undefined
    : 'The permissions requested are not granted to this installation.';
}

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** GitHub's words for a fault in the app's own token (RFC 7519), which lasts ten minutes at most. */
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

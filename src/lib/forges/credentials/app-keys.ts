import { createPrivateKey, type KeyObject } from 'node:crypto';
import { TurnpikeError } from '../../errors.ts';
import { isLongKey, MAX_RSA_BITS } from '../../net/pure.ts';
import { GITHUB_APP } from './github-app.ts';
import type { ReadKey } from './read-key.ts';

/** A GitHub App and its installation. */
export interface GitHubApp {
  /** Digits. */
  readonly id: string;
  readonly installation: Installation;
  /** PKCS#8 in PEM. */
  readonly privateKey: string;
  /** The API's address, where the Secret names one. */
  readonly baseUrl?: string;
}

/** The installation by its ID, or by the organization or user that installed the app. */
export type Installation = { readonly id: number } | { readonly owner: string };

/** @throws TurnpikeError SecretInvalid, which names the key and never its value */
export function gitHubAppFrom(read: ReadKey, where: string): GitHubApp {
  const [id, baseUrl] = [read(GITHUB_APP.id) ?? '', read(GITHUB_APP.baseUrl)];
  if (!isId(id)) throw invalid(where, GITHUB_APP.id, "that is not a number: use the app's App ID.");
  return {
    id,
    installation: installationFrom(read, where),
    privateKey: privateKeyFrom(read(GITHUB_APP.privateKey) ?? '', where),
    ...(baseUrl !== undefined && { baseUrl }),
  };
}

function installationFrom(read: ReadKey, where: string): Installation {
  const [id, owner = ''] = [read(GITHUB_APP.installation), read(GITHUB_APP.owner)];
  if (id !== undefined) {
    if (isId(id)) return { id: Number(id) };
    const advice = "that is not a number: use the one at the end of the URL of the installation's page.";
    throw invalid(where, GITHUB_APP.installation, advice);
  }
  // Names of managed users have a low line in them.
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(owner)) return { owner };
  throw invalid(
    where,
    GITHUB_APP.owner,
    'that is not the name of an organization or user: use just the name.',
  );
}

function isId(text: string): boolean {
  return /^[1-9][0-9]{0,14}$/.test(text);
}

/** GitHub gives PKCS#1; the signer wants PKCS#8. */
function privateKeyFrom(pem: string, where: string): string {
  if (isLongKey(pem)) {
    const limit = `with more than ${MAX_RSA_BITS} bits: use the file that GitHub generated for the app.`;
    throw invalid(where, GITHUB_APP.privateKey, limit);
  }
  const key = parsed(pem);
  if (key?.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const advice =
    'that is not an RSA key in PEM without a passphrase: use the file that GitHub generated for the app.';
  throw invalid(where, GITHUB_APP.privateKey, advice);
}

/** The error names the Secret alone: the library's message may quote a text that is not a key. */
function parsed(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function invalid(where: string, key: string, what: string): TurnpikeError {
  return new TurnpikeError('SecretInvalid', `${where} has a key ${key} ${what}`);
}

import { TurnpikeError } from '../../errors.ts';

/** The address of a repository's forge, from the repository's URL. */
export interface RepositoryAddress {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Host, with its port unless it is the scheme's own. */
  readonly host: string;
  /** The part of the path before the owner, such as `/git`; empty for most. */
  readonly prefix: string;
  readonly owner: string;
  readonly name: string;
}

const SEGMENT = /^[A-Za-z0-9._-]{1,255}$/;

/**
 * Reads `https://HOST[:PORT][/PREFIX]/OWNER/NAME[.git][/]`. Which schemes and hosts may be reached is decided
 * where requests leave the program, not here. The URL itself is not repeated in errors: a user may have put
 * a password into it.
 *
 * @throws TurnpikeError SpecInvalid
 */
export function repositoryAddress(url: string, prefix: 'no-prefix' | 'prefix-allowed'): RepositoryAddress {
  const { parsed, segments } = splitUrl(url);
  const name = segments.pop();
  const owner = segments.pop();
  if (!owner || !name || !segments.concat(owner, name).every(isSegment)) {
    throw invalidUrl(`names no repository on ${parsed.host}: its form is https://HOST/OWNER/REPOSITORY`);
  }
  if (segments.length > 0 && prefix === 'no-prefix') {
    throw invalidUrl(
      `has more than an owner and a repository in its path: its form is https://HOST/OWNER/REPOSITORY`,
    );
  }
  return { origin: parsed.origin, host: parsed.host, prefix: pathOf(segments), owner, name };
}

/** Checks and splits what is the same in the URLs of all hosts. */
export function splitUrl(url: string): { parsed: URL; segments: string[] } {
  const parsed = URL.parse(url);
  if (!parsed || !['https:', 'http:', 'ssh:'].includes(parsed.protocol)) {
    throw invalidUrl('is not a URL that starts with https:// or ssh://');
  }
  if ((parsed.username && parsed.protocol !== 'ssh:') || parsed.password) {
    throw invalidUrl('holds a user name or password: remove it and put it into the Secret');
  }
  if (parsed.search || parsed.hash) throw invalidUrl('holds a query or a fragment: remove it');

  const segments = parsed.pathname
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .slice(1);
  return { parsed: parsed.protocol === 'ssh:' ? webOf(parsed) : parsed, segments };
}

/** Hosts that serve Git over SSH alone, and the forge that they belong to. */
const SSH_HOSTS: Readonly<Record<string, string>> = {
  'ssh.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
  'ssh.dev.azure.com': 'dev.azure.com',
  'vs-ssh.visualstudio.com': 'dev.azure.com',
};

/** The forge of a host is reached by https at its usual port, whichever one SSH has. */
function webOf({ hostname }: URL): URL {
  const host = hostname.toLowerCase();
  const web = URL.parse(`https://${SSH_HOSTS[host] ?? host}/`);
  if (!web) throw invalidUrl('names no host: its form is ssh://git@HOST/OWNER/REPOSITORY');
  return web;
}

export function pathOf(segments: readonly string[]): string {
  return segments.map((segment) => `/${segment}`).join('');
}

export function isSegment(text: string): boolean {
  return SEGMENT.test(text) && text !== '.' && text !== '..';
}

export function invalidUrl(what: string): TurnpikeError {
  return new TurnpikeError('SpecInvalid', `The url of the pull-request strategy ${what}.`);
}

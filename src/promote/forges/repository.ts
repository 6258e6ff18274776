import { TurnpikeError } from '../../api/errors.ts';

/** Where a repository's forge is, from the repository's URL. */
export interface RepositoryAddress {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Host, with its port unless it is the scheme's own. */
  readonly host: string;
  /** What stands before the owner in the path, such as `/git`; empty for most. */
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
  const parsed = URL.parse(url);
  if (!parsed || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) {
    throw invalid('is not a URL that starts with https://');
  }
  if (parsed.username || parsed.password) {
    throw invalid('holds a user name or password: take it out and put it into the Secret');
  }
  if (parsed.search || parsed.hash) throw invalid('holds a query or a fragment: take it out');

  const segments = parsed.pathname
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .slice(1);
  const name = segments.pop();
  const owner = segments.pop();
  if (!owner || !name || !segments.concat(owner, name).every(isSegment)) {
    throw invalid(`names no repository on ${parsed.host}: its form is https://HOST/OWNER/REPOSITORY`);
  }
  if (segments.length > 0 && prefix === 'no-prefix') {
    throw invalid(
      `has more than an owner and a repository in its path: its form is https://HOST/OWNER/REPOSITORY`,
    );
  }
  return {
    origin: parsed.origin,
    host: parsed.host,
    prefix: segments.map((segment) => `/${segment}`).join(''),
    owner,
    name,
  };
}

function isSegment(text: string): boolean {
  return SEGMENT.test(text) && text !== '.' && text !== '..';
}

function invalid(what: string): TurnpikeError {
  return new TurnpikeError('SpecInvalid', `The url of the pull-request strategy ${what}.`, {
    retry: 'never',
  });
}

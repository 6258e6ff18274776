import { invalidUrl, isSegment, pathOf, type RepositoryAddress, splitUrl } from '../url/repository.ts';

export interface BitbucketAddress extends Pick<RepositoryAddress, 'origin' | 'host' | 'prefix' | 'name'> {
  /** Its key, `~name` for a person's. */
  readonly project: string;
}

/**
 * Reads the address that Git uses, `…/scm/PROJECT/REPOSITORY.git`, over SSH `/PROJECT/REPOSITORY.git`, and those of the
 * pages, `…/projects/PROJECT/repos/REPOSITORY[/browse]` and `…/users/USER/repos/REPOSITORY`.
 *
 * @throws TurnpikeError SpecInvalid
 */
export function bitbucketAddress(url: string): BitbucketAddress {
  const { parsed, segments } = splitUrl(url);
  const { prefix = [], project = '', name = '' } = url.startsWith('ssh:') ? bySsh(segments) : byWeb(segments);
  if (![...prefix, project.replace(/^~/, ''), name].every(isSegment)) {
    const form = 'https://HOST/scm/PROJECT/REPOSITORY.git';
    throw invalidUrl(`names no repository on ${parsed.host}: its form is ${form}`);
  }
  return { origin: parsed.origin, host: parsed.host, prefix: pathOf(prefix), project, name };
}

interface Parts {
  readonly prefix?: readonly string[];
  readonly project?: string | undefined;
  readonly name?: string | undefined;
}

function bySsh([project, name, ...more]: readonly string[]): Parts {
  return more.length === 0 ? { project, name } : {};
}

function byWeb(segments: readonly string[]): Parts {
  const parts = segments.at(-1) === 'browse' ? segments.slice(0, -1) : segments;
  const [fourth, third, second, name] = [-4, -3, -2, -1].map((index) => parts.at(index));
  if (second === 'repos' && (fourth === 'projects' || fourth === 'users')) {
    return { prefix: parts.slice(0, -4), project: fourth === 'users' ? `~${third}` : third, name };
  }
  return third === 'scm' ? { prefix: parts.slice(0, -3), project: second, name } : {};
}

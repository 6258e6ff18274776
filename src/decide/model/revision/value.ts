import { plainVersion, versionOrder, withoutDigest } from './version.ts';

/**
 * A revision, parsed once from the text that Flux writes. `name` is the text before the digest or the commit; the other
 * fields are certain.
 */
export interface Revision {
  readonly name?: string;
  /** A semantic version or a date; `v` and build metadata that only repeats the digest are left out. */
  readonly version?: string;
  readonly tag?: string;
  readonly branch?: string;
  /** The digest of an OCI artifact, or of a bucket's files; includes the algorithm. */
  readonly digest?: string;
  /** The bare hash. */
  readonly commit?: string;
}

/** Syntax of the OCI image specification ("Digests"). */
const DIGEST = /^[a-z0-9][a-z0-9+._-]*:[A-Za-z0-9=_-]+$/;
/** The form that Flux reports for a source that is pinned to a digest or a commit, and for a bucket. */
const ALONE = /^sha(?:1|256|384|512):[0-9a-f]{40,128}$/;
const COMMIT = /^sha1:([0-9a-f]+)$/;
/** Syntax of the OCI distribution specification ("Pulling manifests"): a tag cannot have a `+`. */
export const OCI_TAG = /^\w[\w.-]{0,127}$/;
const GIT_TAG = 'refs/tags/';
const GIT_BRANCH = 'refs/heads/';

/** Parses any text: a text in none of Flux's forms is only a name. */
export function parseRevision(text: string): Revision {
  if (ALONE.test(text)) return pinOf(text);
  const at = text.lastIndexOf('@');
  const pin = text.slice(at + 1);
  if (at < 0 || !DIGEST.test(pin)) return text === '' ? {} : { name: text, ...unpinned(text) };
  const name = text.slice(0, at);
  const pinned = pinOf(pin);
  if (name === '') return pinned;
  return { name, ...(pinned.commit === undefined ? artifact(name, pin) : source(name)), ...pinned };
}

/** The canonical spelling for records and addresses, of all that `parseRevision` reads as the same value. */
export function fullRevision({ name, digest, commit }: Revision): string {
  const pin = digest ?? (commit === undefined ? undefined : `sha1:${commit}`);
  if (pin === undefined) return name ?? '';
  if (name !== undefined) return `${name}@${pin}`;
  return ALONE.test(pin) ? pin : `@${pin}`;
}

function pinOf(pin: string): Pick<Revision, 'digest' | 'commit'> {
  const commit = COMMIT.exec(pin)?.[1];
  return commit === undefined ? { digest: pin } : { commit };
}

type Named = Pick<Revision, 'version' | 'tag' | 'branch'>;

/** `6.5.0`, `main`, `1.0.0+build.7`. */
function unpinned(name: string): Named {
  const isTag = OCI_TAG.test(name.replaceAll('/', '-'));
  return { ...versionIn(name), ...(isTag && { tag: name }) };
}

/** The name of an OCI artifact is a tag; with a `+` it is the version of a chart, followed by its tag if known. */
function artifact(name: string, digest: string): Named {
  const at = name.indexOf('@');
  if (at > 0) return { ...artifact(name.slice(0, at), digest), ...tagIn(name.slice(at + 1)) };
  // Helm writes the `+` of a version as `_` in a tag.
  const { version } = versionIn(name.includes('+') ? name : name.replace('_', '+'));
  const named = version === undefined ? undefined : withoutDigest(version, digest);
  return { ...(named !== undefined && { version: named }), ...tagIn(name) };
}

function tagIn(name: string): Pick<Revision, 'tag'> {
  return OCI_TAG.test(name) ? { tag: name } : {};
}

/** The name of a Git revision is a branch or a tag, which Flux does not tell apart in a short name. */
function source(name: string): Named {
  if (name.startsWith(GIT_BRANCH)) return { branch: name.slice(GIT_BRANCH.length) };
  if (name.startsWith(GIT_TAG)) return { ...versionIn(name), tag: name.slice(GIT_TAG.length) };
  const { version } = versionIn(name);
  return version === undefined ? { branch: name, tag: name } : { version, tag: name };
}

function versionIn(name: string): Pick<Revision, 'version'> {
  const plain = plainVersion(name.startsWith(GIT_TAG) ? name.slice(GIT_TAG.length) : name);
  return versionOrder(plain) === undefined ? {} : { version: plain };
}

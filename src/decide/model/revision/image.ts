/** References to images, as Kubernetes and the OCI distribution specification write them. */

export interface ImageReference {
  /** Includes the registry's host and port. */
  readonly repository: string;
  readonly tag?: string | undefined;
  /** Includes the algorithm. */
  readonly digest?: string | undefined;
}

/** A port is not a tag: it stands before a slash. */
const IMAGE =
  /^((?:[a-zA-Z0-9][\w.-]*(?::\d{1,5})?\/)?[\w.-]+(?:\/[\w.-]+)*)(?::(\w[\w.-]{0,127}))?(?:@(sha(?:256|384|512):[0-9a-f]{64,128}))?$/;
const DIGEST_ALONE = /^sha(?:1|256|384|512):/;

/** Returns undefined if the text is not a reference, for a digest alone too. */
export function parseImage(text: string): ImageReference | undefined {
  if (DIGEST_ALONE.test(text)) return undefined;
  const [, repository, tag, digest] = IMAGE.exec(text) ?? [];
  if (repository === undefined) return undefined;
  return { repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/** `1.9.0`, `1.9.0@sha256:…`, `sha256:…`; undefined if it has neither a tag nor a digest. */
export function imageRevision({ tag, digest }: ImageReference): string | undefined {
  if (digest === undefined) return tag;
  return tag === undefined ? digest : `${tag}@${digest}`;
}

export function imageText({ repository, tag, digest }: ImageReference): string {
  const behind = digest === undefined ? '' : `@${digest}`;
  return `${repository}${tag === undefined ? '' : `:${tag}`}${behind}`;
}

/**
 * The state of an application against its spec. Ready alone does not show it: a suspended object, and one that changes
 * while it is being upgraded, are Ready at a generation that was never rolled out.
 */
export type SpecState =
  | { readonly kind: 'deployed'; readonly since?: string | undefined }
  /** Nothing is rolled out: it is suspended, paused, or being deleted. */
  | { readonly kind: 'held'; readonly message: string }
  /** It is being reconciled, with the same or with other contents. */
  | { readonly kind: 'reconciling'; readonly message: string }
  | { readonly kind: 'under-way'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

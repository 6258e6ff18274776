import type { ValueScalar } from './marker/scan.ts';

/** A scalar of a text, read. */
export function standing(text: string, { node, key }: ValueScalar): Standing {
  return { text: String(node.value ?? ''), key: key && text.slice(key.start, key.end), tag: node.tag };
}

/** A scalar as it stands in a file. */
export interface Standing {
  readonly text: string;
  /** The key that it is the value of. */
  readonly key: string | undefined;
  /** Its tag in full, such as `tag:yaml.org,2002:int` for `!!int`; undefined without one. */
  readonly tag?: string | undefined;
}

/** The value that a scalar is set to, or why it is not. */
export type Becomes = { readonly value: string } | { readonly reason: string };

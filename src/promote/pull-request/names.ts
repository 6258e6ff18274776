import { promotionBranch as branchOf } from '../../decide/model/promotion-branch.ts';
import type { HiddenBy } from '../../lib/forges/index.ts';

/** How a pipeline's environment is called in Git and on the forge. */

export interface PipelineEnvironment {
  readonly pipeline: { readonly namespace: string; readonly name: string };
  readonly environment: string;
}

const OWNER = /^(?:<!-- |\[\/\/\]: # \()turnpike pipeline=(\S+?)(?: -->|\))\s*$/m;
/** The predecessor's note of whose pull request it is. */
const PREDECESSOR_OWNER = /^!!! DO NOT EDIT !!!\s+([^\s/<]+\/[^\s/<]+\/[^\s/<]+)\s*$/m;

/** `namespace/name/environment`: whose pull request it is. */
export function ownerName({ pipeline, environment }: PipelineEnvironment): string {
  return `${pipeline.namespace}/${pipeline.name}/${environment}`;
}

/** The branch that its pull request comes from. Two pipelines may give theirs one name. */
export function promotionBranch(
  { pipeline, environment }: PipelineEnvironment,
  { branch }: { readonly branch?: string | undefined } = {},
): string {
  return branchOf(pipeline.namespace, pipeline.name, environment, branch);
}

/** The value of the marker `{"$promotion": "…"}`. */
export function markerKey({ pipeline, environment }: PipelineEnvironment): string {
  return `${pipeline.namespace}:${pipeline.name}:${environment}`;
}

/** Whose pull request a body belongs to, `namespace/name/environment`, or undefined when it does not say. */
export function ownerOf(body: string): string | undefined {
  return (OWNER.exec(body) ?? PREDECESSOR_OWNER.exec(body))?.[1];
}

/**
 * A hidden line that says that we close it, for this reason: one that is found closed was closed by a person otherwise.
 */
export function closingNote(reason: string, by: HiddenBy = 'comment'): string {
  const digest = new Bun.CryptoHasher('sha256').update(reason).digest('hex').slice(0, 16);
  return hidden(`turnpike closes=${digest}`, by);
}

function hidden(text: string, by: HiddenBy): string {
  return by === 'comment' ? `<!-- ${text} -->` : `[//]: # (${text})`;
}

const CLOSING = /^(?:<!-- |\[\/\/\]: # \()turnpike closes=[0-9a-f]{16}(?: -->|\))\s*$/m;
const CLOSINGS = /^(?:<!-- |\[\/\/\]: # \()turnpike closes=[0-9a-f]{16}(?: -->|\))\s*$/gm;

/** The body as it was before it said that. */
export function withoutClosing(body: string): string {
  return body.replaceAll(CLOSINGS, '').trimEnd();
}

/** The body with a note at its end; a link reference begins no line of a paragraph. */
export function withClosing(body: string, note: string): string {
  return `${body.trimEnd()}\n\n${note}`;
}

/** In characters, with what stands before it. */
export const CLOSING_LENGTH = closingNote('', 'reference').length + 2;

/** True: a body says that we close it, whatever for. */
export function saysClosing(body: string): boolean {
  return CLOSING.test(body);
}

/** A hidden line for us, and, where tags are hidden, the predecessor's note, which its user interface looks for. */
export function ownerNote(request: PipelineEnvironment, by: HiddenBy = 'comment'): string {
  const owner = ownerName(request);
  const note = hidden(`turnpike pipeline=${owner}`, by);
  if (by === 'reference') return note;
  return [
    note,
    '<details>',
    '<summary>metadata</summary>',
    '!!! DO NOT EDIT !!!',
    '',
    owner,
    '</details>',
  ].join('\n');
}

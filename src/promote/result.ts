import type { CommitSettings } from '../api/change.ts';
import type { MergedInto } from '../api/pipeline.ts';
import { isOlder, parseImage, partsOf, revisionPart, shortRevision } from '../decide/model/revision.ts';
import { TurnpikeError } from '../lib/errors.ts';
import type { SigningKey } from '../lib/git/index.ts';
import { cut } from '../lib/text/index.ts';
import type { BaseState, BranchResult } from './branch/port.ts';
import { markerKey } from './pull-request/names.ts';
import type { PromotionRequest, PromotionResult } from './strategy.ts';

/** Shared by the strategies that change Git. */

/** The author of commits for which the spec names nobody. */
const AUTHOR = { name: 'Turnpike', email: 'turnpike@turnpike.invalid' };

const MAX_MESSAGE = 1024;

/** The people of a commit, and the key that signs it. */
export function commitBy(
  settings: CommitSettings | undefined,
  { signing }: { readonly signing?: SigningKey },
) {
  const { author = AUTHOR, committer } = settings ?? {};
  return { author, ...(committer && { committer }), ...(signing && { signing }) };
}

export function alreadyThere(
  request: PromotionRequest,
  into: MergedInto,
  { problems, byVersion }: Extract<BranchResult, { kind: 'in-base' }>,
): Extract<PromotionResult, { kind: 'already-there' }> {
  const there = `Branch ${into.branch} has ${shortRevision(request.revision)} at every place that is named for ${markerKey(request)} already.`;
  const message = sentences([there, ...problems]);
  return { kind: 'already-there', message, into, ...(byVersion && { byVersion }) };
}

/**
 * A merge is reverted where all places have what the environment runs or ran before, or an older version. A newer one, a
 * place that was added since, and what cannot be told from a revert are none: to take them for a no would be for good.
 */
export function mergedState(
  base: BaseState,
  { revision, runs, ran = [] }: Pick<PromotionRequest, 'revision' | 'runs' | 'ran'>,
): 'merged' | 'reverted' {
  if (base.kind !== 'differs') return 'merged';
  const known = runs === undefined ? ran : [runs, ...ran];
  const before = known
    .flatMap(partsOf)
    .flatMap((one) => PARTS.map((part) => revisionPart(one.revision, part)));
  // Values of a set do not say which artifact they are of: then only the value before is a revert.
  const isBack = base.values.every((value) => {
    const image = parseImage(value);
    const names = [value, image?.tag, image?.digest].filter((one) => one !== undefined);
    return names.some((one) => before.includes(one)) || isOlder(value, revision);
  });
  return isBack ? 'reverted' : 'merged';
}

const PARTS = ['revision', 'tag', 'digest', 'commit', 'version'] as const;

/** The revision, its parts as they are written; of a chart that stands for no tag. */
export function writtenOf({ revision, written = revision }: PromotionRequest): string {
  return written;
}

/** A branch that people's work keeps from being updated stops the promotion. */
export function unlessBlocked(result: BranchResult): Exclude<BranchResult, { kind: 'blocked' }> {
  if (result.kind !== 'blocked') return result;
  throw new TurnpikeError('GitRejected', result.reason);
}

export function sentences(parts: readonly string[]): string {
  return cut(parts.join(' '), MAX_MESSAGE);
}

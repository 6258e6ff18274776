import {
  type Advertised,
  type CommitSigner,
  commitObject,
  type RefUpdate,
  type Repository,
  refOf,
  type Transport,
} from '../../lib/git/index.ts';
import { editBase } from './edit/base.ts';
import { refuseCircular } from './edit/circular.ts';
import type { EditedTree } from './edit/tree.ts';
import { prepareOnTop } from './others.ts';
import type { BranchUpdate, FileChange } from './port.ts';
import type { Prepared } from './prepared.ts';
import { standingOf } from './standing.ts';
import { ownerOf, replacing } from './trailers.ts';

/** The branches' tips, and the commit that the new one goes on. */
export interface UpdateBase {
  readonly advertised: Advertised;
  readonly base: string;
  readonly sign?: CommitSigner | undefined;
  /** The server takes no force push: what replaces a branch goes on from it. */
  readonly onTop?: boolean | undefined;
}

/**
 * Makes the one commit that belongs on top of the base branch, without sending it yet. A branch that holds
 * the right files already stays as it is, signed or not; on one that others have committed to it goes on top of theirs.
 */
export async function prepareUpdate(
  repository: Repository,
  transport: Transport,
  { update, ...place }: { readonly update: BranchUpdate } & UpdateBase,
): Promise<Prepared> {
  const { advertised, base, sign, onTop } = place;
  const edited = await editBase(repository, transport, update, base);
  const { problems, byVersion } = edited;
  if (edited.changes.length === 0) return { kind: 'in-base', problems, byVersion };
  await refuseCircular(repository, transport, { update, edited, base });
  const changes = edited.changes.toSorted(inOrder);
  const onBase = { update, edited: { ...edited, changes }, base, sign };
  const tip = update.isDirect ? undefined : advertised.refs.get(refOf(update.branch));
  if (tip === undefined) return prepareOnBase({ ...onBase, old: update.isDirect ? base : undefined });
  const standing = await standingOf(repository, transport, { update, tip, base, wanted: edited.oid });
  switch (standing.kind) {
    case 'unchanged':
      return { problems, ...standing, commit: tip, changes, byVersion };
    case 'blocked':
      return { ...standing, commit: tip };
    case 'others':
      return prepareOnTop(repository, transport, {
        ...standing,
        update,
        tip,
        base,
        sign,
        changes,
        byVersion,
      });
    case 'refused':
      return standing;
    case 'free':
      return standing.isInBase
        ? prepareOnBase({ ...onBase, old: tip })
        : prepareInPlace({ ...onBase, tip, onTop });
  }
}

interface OnBase extends Pick<UpdateBase, 'base' | 'sign'> {
  readonly update: BranchUpdate;
  readonly edited: EditedTree;
}

/** In the place of a tip that has nothing of others. */
function prepareInPlace({
  tip,
  onTop,
  ...onBase
}: OnBase & Pick<UpdateBase, 'onTop'> & { readonly tip: string }): Promise<Prepared> {
  const forced = onBase.update.mayBeRebased ? 'forced-only' : 'forced';
  return prepareOnBase({ ...onBase, old: tip, form: onTop ? 'on-top' : forced });
}

/**
 * As one commit on the base branch. Where it goes on from the tip that it replaces, that is its second parent: so the pull
 * request shows the edit alone, and conflicts with nothing that a squash of the tip has brought.
 */
async function prepareOnBase({
  update,
  edited,
  base,
  sign,
  old,
  form,
}: OnBase & Pick<RefUpdate, 'old' | 'form'>): Promise<Prepared> {
  const { oid: tree, changes, problems, byVersion } = edited;
  const replaced = form === 'on-top' ? old : undefined;
  const commit = await commitObject({
    ...update,
    ...(replaced !== undefined && { message: replacing(update.message, replaced) }),
    tree,
    parents: replaced === undefined ? [base] : [base, replaced],
    sign,
  });
  const content = {
    commit: commit.oid,
    tree,
    parent: base,
    isMerge: replaced !== undefined,
    owner: ownerOf(update.message),
  };
  return {
    kind: 'push',
    refUpdate: {
      ref: refOf(update.branch),
      old,
      commit: commit.oid,
      form,
      objects: [...edited.objects, commit],
    },
    memory: { kind: 'own', content },
    changes,
    problems,
    byVersion,
  };
}

function inOrder(one: FileChange, other: FileChange): number {
  if (one.file === other.file) return one.line - other.line;
  return one.file < other.file ? -1 : 1;
}

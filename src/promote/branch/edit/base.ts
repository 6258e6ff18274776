import { TurnpikeError } from '../../../lib/errors.ts';
import { parseCommit, type Repository, type Transport } from '../../../lib/git/index.ts';
import { MARKED_TREES, PARSES } from '../notes.ts';
import type { BaseLook } from '../port.ts';
import { createEditBudget, type EditBudget } from './budget.ts';
import { type MarkedTree, markedTree } from './marked.ts';
import { type EditedTree, editTree } from './tree.ts';

/** The revision to set, and where; most files are known from the base branch. */
export type Wish = Pick<BaseLook, 'baseBranch' | 'markerKey' | 'files' | 'revision'>;

export const MAX_PROBLEMS = 20;

/** The base branch's tip with the revision set. Throws `MarkerNotFound` where there is no place for it. */
export async function editBase(
  repository: Repository,
  transport: Transport,
  wish: Wish,
  base: string,
): Promise<EditedTree> {
  const { tree } = parseCommit(repository.packs.read(base));
  const budget = budgetOf(repository, transport);
  const marked = await markedAt(repository, transport, { ...wish, tree, budget });
  repository.notes.of(MARKED_TREES).set(wish.baseBranch, marked);
  const edited = await edit(repository, marked, { ...wish, budget });
  if (edited.marked === 0) throw nothingFound(transport, wish, edited.problems);
  return edited;
}

/** Any tree with the revision set; `marked` of the result is 0 where it has no place for it. */
export async function editAt(
  repository: Repository,
  transport: Transport,
  wish: Wish,
  tree: string,
): Promise<EditedTree> {
  const budget = budgetOf(repository, transport);
  const marked = await markedAt(repository, transport, { ...wish, tree, budget });
  return edit(repository, marked, { ...wish, budget });
}

/** How a person writes the marker. */
export function markerText({ markerKey }: Wish): string {
  return `# ${JSON.stringify({ $promotion: markerKey })}`;
}

type Budgeted = Wish & { readonly budget: EditBudget };

function budgetOf(
  { shared: { turns, notes } }: Repository,
  { signal, waiting, tenant }: Transport,
): EditBudget {
  const parses = notes.of(PARSES);
  return createEditBudget({ turns, parses, signal, waiting, namespace: tenant });
}

function markedAt(
  { packs, notes }: Repository,
  { remote: { name } }: Transport,
  { baseBranch, tree, budget }: Budgeted & { readonly tree: string },
): Promise<MarkedTree> {
  return markedTree(tree, notes.of(MARKED_TREES).get(baseBranch), { packs, name, turn: budget.turn });
}

async function edit({ packs }: Repository, marked: MarkedTree, wish: Budgeted): Promise<EditedTree> {
  const { markerKey: key, files, revision, budget } = wish;
  const edited = await editTree(marked, { key, files, revision, packs, budget });
  return { ...edited, problems: edited.problems.slice(0, MAX_PROBLEMS) };
}

function nothingFound(transport: Transport, wish: Wish, problems: readonly string[]): TurnpikeError {
  const where = `${transport.remote.name} (branch ${wish.baseBranch})`;
  const none = `No value in ${where} carries the marker ${markerText(wish)}`;
  const unusable = problems.length === 0 ? '' : ` Not usable: ${problems.join(' ')}`;
  const message = wish.files?.length
    ? `${none}, and files selects none. ${problems.join(' ')}`
    : `${none}: put it after the version to promote.${unusable}`;
  return new TurnpikeError('MarkerNotFound', message);
}

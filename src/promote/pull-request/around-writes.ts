import type { Forge } from '../../lib/forges/index.ts';

/** Calls that change something on a forge. */
export type ForgeWrite =
  | 'create'
  | 'update'
  | 'setMetadata'
  | 'comment'
  | 'close'
  | 'setStatus'
  | 'merge'
  | 'cancelMerge';

/** Runs a write, with what belongs before and after it. */
export type Around = <T>(write: ForgeWrite, act: () => Promise<T>) => Promise<T>;

/** A forge with each of its writes so run. */
export function aroundWrites(forge: Forge, around: Around): Forge {
  return {
    ...forge,
    create: (input) => around('create', () => forge.create(input)),
    update: (number, change) => around('update', () => forge.update(number, change)),
    setMetadata: (pull, wanted) => around('setMetadata', () => forge.setMetadata(pull, wanted)),
    comment: (pull, text) => around('comment', () => forge.comment(pull, text)),
    close: (pull, reason) => around('close', () => forge.close(pull, reason)),
    setStatus: (commit, status) => around('setStatus', () => forge.setStatus(commit, status)),
    merge: (pull, commit, options) => around('merge', () => forge.merge(pull, commit, options)),
    cancelMerge: (pull) => around('cancelMerge', () => forge.cancelMerge(pull)),
  };
}

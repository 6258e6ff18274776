import type { RefUpdate } from '../../lib/git/index.ts';
import type { BranchMemory } from './notes.ts';
import type { FileChange } from './port.ts';

/** One update that is made and not pushed. */
export type Prepared =
  | {
      readonly kind: 'in-base';
      readonly problems: readonly string[];
      readonly byVersion?: readonly string[] | undefined;
    }
  | (Edited & { readonly kind: 'unchanged'; readonly commit: string })
  | {
      readonly kind: 'blocked';
      readonly commit: string;
      readonly reason: string;
      readonly problems: readonly string[];
    }
  | Refused
  | (Edited & {
      readonly kind: 'push';
      readonly refUpdate: RefUpdate;
      /** Kept in mind of the branch once it is pushed. */
      readonly memory: BranchMemory;
    });

/** The server did not do what was asked of the branch; `old` is where it was. */
export interface Refused {
  readonly kind: 'refused';
  readonly error: unknown;
  readonly old: string | undefined;
  /** A commit that goes on from what is there may be taken, where one in its place is not. */
  readonly mayGoOnTop?: boolean;
}

/** The others of the batch go on without it. */
export interface Failed {
  readonly kind: 'failed';
  readonly error: unknown;
}

interface Edited {
  /** Commits of others are on the branch. */
  readonly others?: true;
  readonly changes: readonly FileChange[];
  readonly problems: readonly string[];
  /** As in the status. */
  readonly byVersion?: readonly string[] | undefined;
}

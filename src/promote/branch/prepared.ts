import type { RefUpdate } from '../../lib/git/index.ts';
import type { BranchMemory } from './notes.ts';
import type { FileChange } from './port.ts';

/** What has to be done to the promotion branch. */
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
      /** What the branch is once it is pushed. */
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

/** What keeps one update from being made is no matter of the others. */
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

/**
 * A kind of thing that a user of this library learns of a repository, or keeps for all of them. Kinds differ by identity: make each one once,
 * where all its users can see it.
 */
export interface NoteKind<T> {
  /** Makes the note where nothing is known. */
  empty(): T;
  /** Counts the names, of files or objects, that it holds in memory: a copy with many is dropped from memory sooner. */
  names(note: T): number;
}

/** Keeps one note of each kind: for a repository as long as its copy is in memory and undamaged, or for all of them. */
export interface Notes {
  of<T>(kind: NoteKind<T>): T;
  /** Counts the names of all notes. */
  names(): number;
}

export function createNotes(): Notes {
  const kept = new Map<NoteKind<unknown>, unknown>();
  return {
    of<T>(kind: NoteKind<T>): T {
      if (!kept.has(kind)) kept.set(kind, kind.empty());
      return kept.get(kind) as T;
    },
    names: () => [...kept].reduce((sum, [kind, note]) => sum + kind.names(note), 0),
  };
}

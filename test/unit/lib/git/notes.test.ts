import { expect, test } from 'bun:test';
import { createNotes, type NoteKind } from '../../../../src/lib/git/notes.ts';

const FILES: NoteKind<string[]> = { empty: () => [], names: (files) => files.length };
const TIPS: NoteKind<Map<string, string>> = { empty: () => new Map(), names: ({ size }) => size };

test('a note is empty at first, and stays what its user makes of it', () => {
  const notes = createNotes();
  expect(notes.of(FILES)).toEqual([]);
  notes.of(FILES).push('a.yaml');
  expect(notes.of(FILES)).toEqual(['a.yaml']);
});

test('notes of several kinds and of several repositories are kept apart', () => {
  const [notes, others] = [createNotes(), createNotes()];
  notes.of(FILES).push('a.yaml');
  notes.of(TIPS).set('main', 'abc');
  expect(others.of(FILES)).toEqual([]);
  expect(notes.of(FILES)).toEqual(['a.yaml']);
});

test('all notes count, each as its kind says', () => {
  const notes = createNotes();
  expect(notes.names()).toBe(0);
  notes.of(FILES).push('a.yaml', 'b.yaml');
  notes.of(TIPS).set('main', 'abc');
  expect(notes.names()).toBe(3);
});

import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { against, circles, importsOf, reachedFrom } from './architecture/imports.ts';
import { tooDeep } from './architecture/nesting.ts';
import {
  entersByIndex,
  isLibraryEntry,
  isPure,
  mayUseFolder,
  mayUseRoom,
  staysPure,
  withoutRow,
} from './architecture/rooms.ts';
import { fullFolders, linesOf } from './architecture/sizes.ts';
import {
  exportsUnnamed,
  isEntry,
  isImpure,
  makesPattern,
  parsesPastTheFirstFault,
  readsEnvironment,
  writesToConsole,
} from './architecture/text.ts';
import { filesWith, readTree } from './architecture/tree.ts';

/** Directly in one folder. */
const MAX_FILES = 25;
const MAX_LINES = 300;
const MAX_DEPTH = 3;

const source = await readTree(join(import.meta.dir, '../../src'));
const scripts = await readTree(join(import.meta.dir, '../../scripts'));
const tests = await readTree(join(import.meta.dir, '..'));
const imports = importsOf(source);
const paths = Object.keys(source);

// The rules themselves stand in ./architecture, with a test of each in rules.test.ts there. The linter holds the rest:
// linter.test.ts there.
describe('the structure of the source', () => {
  test('imports only what each room may use', () => {
    expect(against(imports, mayUseRoom)).toEqual([]);
  });

  test('imports within a room only what each folder may use', () => {
    expect(against(imports, mayUseFolder)).toEqual([]);
  });

  test('has a row in the table of folders for each folder', () => {
    expect(withoutRow(paths)).toEqual([]);
  });

  test('has no circles of imports, of types neither', () => {
    expect(circles(imports)).toEqual([]);
  });

  test('enters libraries and the validation by their entries', () => {
    expect(against(imports, entersByIndex)).toEqual([]);
  });

  test('has entries that name what goes through them', () => {
    const entries = paths.filter(isLibraryEntry);
    expect(entries.length).toBeGreaterThan(6);
    expect(entries.filter((path) => !isEntry(source[path] ?? ''))).toEqual([]);
  });

  test('names what it exports', () => {
    expect(filesWith(source, exportsUnnamed)).toEqual([]);
  });

  test('decides by the pure part of the libraries alone', () => {
    expect(against(imports, staysPure)).toEqual([]);
  });

  test('decides without a clock, an environment or a promise', () => {
    const reached = reachedFrom(imports, paths.filter(isPure));
    expect([...reached].filter((path) => isImpure(source[path] ?? ''))).toEqual([]);
  });

  test('has no folder with more files than one can look over', () => {
    expect(fullFolders(source, MAX_FILES)).toEqual([]);
  });

  test('has no file of more than 300 lines', () => {
    expect(filesWith(source, (text) => linesOf(text) > MAX_LINES)).toEqual([]);
  });

  test('has no statement deeper than three levels', () => {
    const deep = filesWith({ ...source, ...scripts }, (text) => tooDeep(text, MAX_DEPTH).length > 0);
    expect(deep).toEqual([]);
  });

  test('makes no regular expression of a text', () => {
    expect(filesWith(source, makesPattern)).toEqual([]);
  });

  test('reads what others send up to its first fault', () => {
    const whole = filesWith(source, parsesPastTheFirstFault);
    expect(whole.filter((path) => /^(?:lib|observe|promote|http)\//.test(path))).toEqual([]);
  });

  test('writes to no console: what is to be said goes through the logger or the command', () => {
    expect(filesWith(source, writesToConsole)).toEqual([]);
  });

  test('reads the environment in main.ts alone', () => {
    expect(filesWith(source, readsEnvironment)).toEqual(['main.ts']);
  });
});

describe('the structure of the tests', () => {
  test('has no circles of imports', () => {
    expect(circles(importsOf(tests))).toEqual([]);
  });

  // The runner takes an empty file for one that passes.
  test('has no file without a test', () => {
    const empty = filesWith(tests, (text) => !/\btest\b/.test(text));
    expect(empty.filter((path) => path.endsWith('.test.ts'))).toEqual([]);
  });
});

import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { matchesHostPattern } from '../../../../src/lib/git/ssh/host-pattern.ts';
import { knownHostsProblem, knownKeys } from '../../../../src/lib/git/ssh/known-hosts.ts';

const [A, B] = [Buffer.from('key a').toString('base64'), Buffer.from('key b').toString('base64')];

function hashed(name: string): string {
  const salt = Buffer.from('01234567890123456789');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

/** The keys' types, and which key it is. */
function known(lines: readonly string[], host = 'git.example.com', port = 22): string[] {
  return knownKeys(lines.join('\n'), host, port).map(({ type, key }) => `${type} ${key}`);
}

describe('known_hosts', () => {
  test.each<[string, string, string, number]>([
    ['a name', `git.example.com ssh-ed25519 ${A} comment`, 'git.example.com', 22],
    ['a name in other letters', `Git.Example.com ssh-ed25519 ${A}`, 'GIT.example.com', 22],
    ['one of several names', `other,git.example.com,10.0.0.1 ssh-ed25519 ${A}`, '10.0.0.1', 22],
    ['a port', `[git.example.com]:2222 ssh-ed25519 ${A}`, 'git.example.com', 2222],
    ['a pattern', `*.example.com,!old.example.com ssh-ed25519 ${A}`, 'git.example.com', 22],
    ['a hash', `${hashed('git.example.com')} ssh-ed25519 ${A}`, 'git.example.com', 22],
    ['a hash with a port', `${hashed('[git.example.com]:2222')} ssh-ed25519 ${A}`, 'git.example.com', 2222],
  ])('knows a host by %s', (_, line, host, port) => {
    expect(known(['', '# a comment', line], host, port)).toEqual(['ssh-ed25519 key a']);
  });

  test.each<[string, string]>([
    ['another name', `git.example.org ssh-ed25519 ${A}`],
    ['a name that only begins so', `git.example.com.org ssh-ed25519 ${A}`],
    ['a dot that is none', `gitXexample.com ssh-ed25519 ${A}`],
    ['another port', `[git.example.com]:2222 ssh-ed25519 ${A}`],
    ['a pattern that leaves it out', `*.example.com,!git.example.com ssh-ed25519 ${A}`],
    ['a certificate authority', `@cert-authority *.example.com ssh-ed25519 ${A}`],
    ['a line without a key', 'git.example.com ssh-ed25519'],
  ])('does not take %s for it', (_, line) => {
    expect(known([line])).toEqual([]);
  });

  test('knows several keys of a host, but none that is revoked', () => {
    const lines = [
      `git.example.com ssh-ed25519 ${A}`,
      `git.example.com ssh-rsa ${B}`,
      `@revoked * ssh-ed25519 ${A}`,
    ];
    expect(known(lines)).toEqual(['ssh-rsa key b']);
  });

  test.each<[string, string, boolean]>([
    ['*', '', true],
    ['**', 'a', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['a*b*c', 'aXbXbXc', true],
    ['a*b*c', 'aXbX', false],
    ['*.example.com', 'git.example.com', true],
    ['*.example.com', 'example.com', false],
    ['a.c', 'abc', false],
    ['[git]:*', '[git]:2222', true],
  ])('%s and the name %j: %p', (pattern, name, expected) => {
    expect(matchesHostPattern(pattern, name)).toBe(expected);
  });

  // Each star more took forty times as long.
  test('does not go through all ways of a pattern with many stars', () => {
    const host = `${`${'a'.repeat(63)}.`.repeat(3)}evil.example`;
    expect(known([`${'*a'.repeat(2_000)}*Z ssh-ed25519 ${A}`], host)).toEqual([]);
    expect(known([`${'*a*?'.repeat(20)}* ssh-ed25519 ${A}`], host)).toEqual(['ssh-ed25519 key a']);
  });

  test.each<[string, string, string | undefined]>([
    ['1,000 lines', `a b c\n`.repeat(1_000), undefined],
    ['comments that are many', '# a\n'.repeat(2_000), undefined],
    ['1,001 lines', `a b c\n`.repeat(1_001), 'has more than 1000 lines'],
    ['16 names', `${'a,'.repeat(15)}a b c`, undefined],
    ['17 names', `${'a,'.repeat(16)}a b c`, 'has a line with more than 16 names'],
    ['300 KiB', `# ${'a'.repeat(300 * 1024)}`, 'is longer than 256 KiB'],
  ])('bounds what it reads: %s', (_, text, problem) => {
    expect(knownHostsProblem(text)).toBe(problem as never);
  });
});

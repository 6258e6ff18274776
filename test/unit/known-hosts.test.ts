import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { knownKeys } from '../../src/promote/git/ssh/known-hosts.ts';

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
});

import { describe, expect, test } from 'bun:test';
import { diskProblem } from '../../../../src/lib/git/disk.ts';
import { answerProblem, type Remote } from '../../../../src/lib/git/failure.ts';

const remote: Remote = { name: 'https://git.example/a', credentials: {} };
const advice = { credentials: 'ask the keeper', token: 'ask for one', branch: 'grow it', size: 'shrink it' };
const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });

describe('what helps against a failure', () => {
  test('is said in general by the library itself', async () => {
    const refused = await answerProblem(new Response('', { status: 401 }), remote);
    expect(refused?.message).toBe('https://git.example/a refuses the credentials (HTTP 401): check them.');
    expect(diskProblem(full, { directory: '/cache' })?.message).toBe(
      'The disk of /cache, the directory of the cache, is full: free some space there, or set the bound of the cache to what it can hold.',
    );
  });

  test('is said in the words of its caller where these are given', async () => {
    const refused = await answerProblem(new Response('', { status: 401 }), { ...remote, advice });
    expect(refused?.message).toBe(
      'https://git.example/a refuses the credentials (HTTP 401): ask the keeper.',
    );
    const settings = { directory: '--dir', maxBytes: '--room' };
    expect(diskProblem(full, { directory: '/cache', settings })?.message).toBe(
      'The disk of /cache, the directory of --dir, is full: free some space there, or set --room to what it can hold.',
    );
  });
});

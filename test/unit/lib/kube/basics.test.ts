import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { backoffDelay, wait } from '../../../../src/lib/async/index.ts';
import { createLineSplitter, readBounded } from '../../../../src/lib/kube/client/body.ts';
import { apiStatus, parseStatus, statusError } from '../../../../src/lib/kube/client/status.ts';
import { createObjectCache } from '../../../../src/lib/kube/informer/cache.ts';
import { isNewer } from '../../../../src/lib/kube/informer/version.ts';
import { resourcePath } from '../../../../src/lib/kube/path.ts';
import { createFakeLog } from '../../../fakes/log.ts';

describe('paths of resources', () => {
  test.each([
    [{ apiVersion: 'v1', plural: 'namespaces' }, '/api/v1/namespaces'],
    [
      { apiVersion: 'v1', namespace: 'dev', plural: 'secrets', name: 'a' },
      '/api/v1/namespaces/dev/secrets/a',
    ],
    [{ apiVersion: 'a.example/v1beta1' }, '/apis/a.example/v1beta1'],
    [
      { apiVersion: 'a.example/v1', namespace: 'n', plural: 'x', name: 'y', subresource: 'status' },
      '/apis/a.example/v1/namespaces/n/x/y/status',
    ],
    [{ apiVersion: 'v1', plural: 'nodes', name: 'a/b?c' }, '/api/v1/nodes/a%2Fb%3Fc'],
  ])('%j is %s', (resource, path) => {
    expect(resourcePath(resource)).toBe(path);
  });

  test.each(['', '.', '..'])('a name "%s" that would lead elsewhere is refused', (name) => {
    expect(() => resourcePath({ apiVersion: 'v1', plural: 'secrets', name })).toThrow('is not a name');
  });
});

describe('resource versions', () => {
  test.each([
    ['10', '9', true],
    ['9', '10', false],
    ['10', '10', false],
    ['010', '10', false],
    ['99999999999999999999', '99999999999999999998', true],
    ['1', '', true],
    ['', '1', false],
    ['', '', false],
    ['x', '5', true],
    ['x', 'x', false],
  ])('%s newer than %s: %p', (version, than, newer) => {
    expect(isNewer(version, than)).toBe(newer);
  });
});

describe('bodies', () => {
  test('lines come out whole, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.array(fc.integer({ min: 1, max: 7 })),
        (words, cuts) => {
          const lines = words.map((word) => word.replaceAll('\n', ' '));
          const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
          const splitter = createLineSplitter(10_000);
          const seen: string[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const size = cuts[turn % cuts.length] ?? 3;
            seen.push(...splitter.push(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(seen).toEqual(lines);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('a line without an end is refused when it is too long', () => {
    const splitter = createLineSplitter(10);
    splitter.push(new Uint8Array(8).fill(65));
    expect(() => splitter.push(new Uint8Array(8).fill(65))).toThrow('more than 10 bytes');
  });

  test('a body is read up to its bound and no further', async () => {
    const body = () => new Blob([new Uint8Array(100)]).stream();
    expect((await readBounded(body(), 100)).byteLength).toBe(100);
    await expect(readBounded(body(), 99)).rejects.toMatchObject({ code: 'ApiRefused', retry: 'never' });
    expect((await readBounded(null, 10)).byteLength).toBe(0);
  });
});

describe('errors of the API server', () => {
  test.each([
    [400, 'ApiRefused', 'never'],
    [401, 'ApiUnavailable', 'backoff'],
    [403, 'ApiForbidden', 'backoff'],
    [404, 'ApiNotFound', 'backoff'],
    [409, 'ApiConflict', 'backoff'],
    [410, 'ApiGone', 'backoff'],
    [413, 'ApiRefused', 'never'],
    [422, 'ApiRefused', 'never'],
    [302, 'ApiRefused', 'never'],
    [500, 'ApiUnavailable', 'backoff'],
    [503, 'ApiUnavailable', 'backoff'],
  ])('HTTP %i is %s, retried: %s', (code, name, retry) => {
    const error = statusError(parseStatus(code, 'no', null), 'GET /api');
    expect(error).toMatchObject({ code: name, retry });
    expect(error.message).toContain('GET /api: no');
  });

  test.each([
    ['7', 7],
    ['0', 0],
    [null, 1],
    ['soon', 1],
    ['86400', 300],
  ])('HTTP 429 with Retry-After %p is retried after %i seconds', (header, afterSeconds) => {
    const error = statusError(parseStatus(429, '', header), 'GET /api');
    expect(error).toMatchObject({ code: 'ApiUnavailable', retry: { afterSeconds } });
  });

  test('a Status keeps its reason and what it speaks of', () => {
    const body = { reason: 'NotFound', message: 'secrets "a" not found', details: { name: 'a' } };
    const error = statusError(parseStatus(404, JSON.stringify(body), null), 'GET /x');
    expect(apiStatus(error)).toMatchObject({ httpStatus: 404, reason: 'NotFound', objectName: 'a' });
    expect(apiStatus(new Error('other'))).toBeUndefined();
  });

  test('what comes in place of a Status is shortened to one line', () => {
    const { message } = parseStatus(502, `<html>\n  ${'x'.repeat(5000)}</html>`, null);
    expect(message).toStartWith('<html> xxx');
    expect(message.length).toBe(500);
  });
});

describe('waiting', () => {
  test.each([
    [0, 0, 100],
    [0, 1, 50],
    [3, 0, 800],
    [50, 0, 1000],
  ])('the delay after %i failures with jitter %d is %d ms', (failures, random, delay) => {
    expect(backoffDelay({ initialMs: 100, maxMs: 1000 }, failures, () => random)).toBe(delay);
  });

  test('ends at once with its signal', async () => {
    const controller = new AbortController();
    const waiting = wait(60_000, controller.signal);
    controller.abort();
    await waiting;
    await wait(60_000, controller.signal);
  });
});

describe('the cache of objects', () => {
  const object = (name: string, resourceVersion: string) => ({ metadata: { name, resourceVersion } });

  test('never lets an older version take the place of a newer one', () => {
    const cache = createObjectCache(createFakeLog().log);
    cache.put(object('a', '10'));
    cache.put(object('a', '9'));
    cache.remove('a', '9');
    expect(cache.get('a')).toEqual(object('a', '10'));
    cache.remove('a', '11');
    expect(cache.list()).toEqual([]);
  });

  test('calls listeners until they unsubscribe, and survives one that throws', () => {
    const { log, lines } = createFakeLog();
    const cache = createObjectCache<ReturnType<typeof object>>(log);
    const seen: string[] = [];
    cache.subscribe(() => {
      throw new Error('listener broke');
    });
    const unsubscribe = cache.subscribe((change) => seen.push(`${change.kind} ${change.key}`));
    cache.put(object('a', '1'));
    cache.put(object('a', '2'));
    cache.retain(new Set(), '5');
    unsubscribe();
    cache.put(object('b', '3'));
    expect(seen).toEqual(['added a', 'modified a', 'deleted a']);
    expect(lines.join('')).toContain('listener broke');
  });
});

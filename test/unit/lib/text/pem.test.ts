import { describe, expect, test } from 'bun:test';
import { pemBlocks, pemText } from '../../../../src/lib/text/pem.ts';

const block = (label: string, body: string) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;

describe('the blocks of a text', () => {
  const ONE = { label: 'A KEY', headers: [], base64: 'AAAABBBB' };
  const BROKEN = { label: 'A KEY', headers: [], base64: '' };

  test.each([
    ['none', '', []],
    ['text alone', 'a text\n-----\n', []],
    ['one', block('A KEY', 'AAAA\nBBBB'), [ONE]],
    ['one without a line end', block('A KEY', 'AAAA\nBBBB').trim(), [ONE]],
    ['one with blanks in front', ` \n ${block('A KEY', 'AAAA\nBBBB')}`, [ONE]],
    ['one with line ends of Windows', block('A KEY', 'AAAA\nBBBB').replaceAll('\n', '\r\n'), [ONE]],
    ['two with text around them', `x\n${block('A KEY', 'AAAABBBB').repeat(2)}\ny`, [ONE, ONE]],
    [
      'one with headers',
      block('A KEY', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES,00\n\nAAAA'),
      [{ ...ONE, headers: ['Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES,00'], base64: 'AAAA' }],
    ],
    ['one that is empty', block('A KEY', ''), [BROKEN]],
    ['one of other letters', block('A KEY', 'AA-A'), [BROKEN]],
    ['one that is padded in the middle', block('A KEY', 'AA==\nAAAA'), [BROKEN]],
    ['one that does not end', '-----BEGIN A KEY-----\nAAAA\n', [BROKEN]],
    [
      'one that another one begins in',
      `-----BEGIN A KEY-----\nAA\n${block('A KEY', 'AAAABBBB')}`,
      [BROKEN, ONE],
    ],
    ['one that ends as another', '-----BEGIN A KEY-----\nAAAA\n-----END B KEY-----\n', [BROKEN]],
    ['two on one line', `${block('A KEY', 'AAAA').trim()}${block('A KEY', 'AAAA')}`, [BROKEN]],
    ['one that is indented', block('A KEY', 'AAAA').replaceAll('\n', '\n  ').replace('--', 'x\n  --'), []],
    ['one of a label in lower case', block('a key', 'AAAA'), []],
  ])('are read from %s', (_, text, blocks) => {
    expect(pemBlocks(text)).toEqual(blocks);
  });

  test('are written as they are read', () => {
    const made = { label: 'B', headers: ['A: b'], base64: Buffer.alloc(100, 7).toString('base64') };
    expect(pemBlocks(pemText(made))).toEqual([made]);
    expect(
      Math.max(
        ...pemText(made)
          .split('\n')
          .map(({ length }) => length),
      ),
    ).toBe(64);
  });

  test('are found in a time that grows with the text alone', () => {
    const begun = performance.now();
    for (const text of ['-----BEGIN A-----\n', 'A: b\n', 'AAAA\n', '\n', ' ']) {
      pemBlocks(`-----BEGIN A-----\n${text.repeat(262_144 / text.length)}`);
    }
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

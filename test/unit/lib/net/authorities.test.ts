import { expect, test } from 'bun:test';
import { authoritiesIn, authoritiesWarning } from '../../../../src/lib/net/authorities.ts';
import { rootAuthority } from '../../../lab/authorities.ts';

const BROKEN = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

test('no more than 500 certificates of a text are read, and the others are said not to count', async () => {
  const { cert } = await rootAuthority('root');
  const found = authoritiesIn(BROKEN.repeat(499) + cert.repeat(3));
  expect(found).toMatchObject({ certificates: [expect.anything()], broken: 501 });
  expect(authoritiesWarning('Secret team/git', 'ca.crt', found, new Date())).toBe(
    'Secret team/git has 501 certificates under ca.crt that cannot be read: only the others are used.',
  );
});

import fc from 'fast-check';

/** Revisions as Flux writes them. */

export const HEX = '0c1d2e3f4a5b6c7d'.repeat(4);
export const DIGEST = `sha256:${HEX}`;
export const COMMIT = '9a8b7c6d5e'.repeat(4);

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const number = fc.nat({ max: 40 });
const semantic = fc
  .tuple(fc.constantFrom('', 'v'), number, number, number, fc.constantFrom('', '-rc.1', '-alpha'))
  .map(([v, a, b, c, label]) => `${v}${a}.${b}.${c}${label}`);
const date = fc
  .tuple(fc.constantFrom('2023', '2024'), fc.constantFrom('01', '9', '12'), fc.constantFrom('.02', '.15', ''))
  .map(([year, month, day]) => `${year}.${month}${day}`);

export const version = fc.oneof(semantic, date);
const build = fc.oneof(fc.constant('build.7'), hex(12), fc.nat({ max: 9 }).map(String));
const digest = hex(64).map((text) => `sha256:${text}`);
const commit = hex(40).map((text) => `sha1:${text}`);
const place = fc.constantFrom('main', 'refs/heads/main', 'refs/tags/v1.0.1', 'feature/a@b', 'latest');

export const orderedText = fc.oneof(
  version,
  fc.tuple(semantic, build).map(([one, two]) => `${one}+${two}`),
  fc.tuple(version, fc.oneof(digest, commit)).map(([one, two]) => `${one}@${two}`),
  fc.tuple(semantic, digest).map(([one, pin]) => `${one}+${pin.slice(7, 19)}@${pin}`),
);

export const revisionText = fc.oneof(
  orderedText,
  digest,
  commit,
  fc.tuple(place, fc.oneof(digest, commit)).map(([one, two]) => `${one}@${two}`),
  place,
);

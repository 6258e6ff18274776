import type { Scalar } from 'yaml';

/**
 * Reads a scalar as kubectl does, which reads YAML 1.1 (sigs.k8s.io/yaml): yes and on are true there, and a plain
 * 1.20 is a number. Only the kind of a number matters here.
 */
export function scalarValue({ type, tag, source, value }: Scalar): unknown {
  const text = typeof value === 'string' ? value : (source ?? '');
  const typed = tag === undefined ? type === 'PLAIN' || type === undefined : TYPED_TAGS.test(tag);
  return typed ? plainValue(text) : text;
}

const TYPED_TAGS = /^tag:yaml\.org,2002:(null|bool|int|float)$/;
const TRUE = new Set(['y', 'yes', 'true', 'on'].flatMap(spellings));
const FALSE = new Set(['n', 'no', 'false', 'off'].flatMap(spellings));
const NULL = new Set(['', '~', ...spellings('null')]);
const NUMBER =
  /^([-+]?(0x[0-9a-f_]+|0b[01_]+|0o[0-7_]+|[0-9][0-9_]*|(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)(e[-+]?[0-9]+)?|\.inf)|\.nan)$/i;

function plainValue(text: string): unknown {
  if (NULL.has(text)) return null;
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  return NUMBER.test(text) ? Number(text.replaceAll('_', '')) : text;
}

function spellings(word: string): string[] {
  return [word, word.toUpperCase(), `${word.charAt(0).toUpperCase()}${word.slice(1)}`];
}

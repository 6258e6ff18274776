/** What a source file may not say, whatever room it lies in. */

const IMPURE =
  /\bDate\.now\(|\bTemporal\.Now\b|\bnew Date\(\)|\bprocess\.|\bawait\b|\basync\b(?!\/)|\bMath\.random\b|\bfetch\(|\bsetTimeout\(|'node:(?:fs|dns|http|https|tls)/;

export function isImpure(text: string): boolean {
  return IMPURE.test(withoutComments(text));
}

function withoutComments(text: string): string {
  return text.replace(/^\s*\/\*.*?\*\/|^\s*\/\/[^\n]*$/gms, '');
}

/** A text of others that becomes a pattern may take seconds to match. */
export function makesPattern(text: string): boolean {
  return /\bRegExp\(/.test(text) || /\.(?:match|matchAll|search)\(\s*['"`]/.test(text);
}

/** A schema that goes on after the first fault costs what the sender likes. */
export function parsesPastTheFirstFault(text: string): boolean {
  return /\bv\.(?:safeParse|parse)\((?:(?!\bFIRST|\babortEarly)[^;])*;/.test(text);
}

export function writesToConsole(text: string): boolean {
  return /\bconsole\.\w+\(/.test(text);
}

export function readsEnvironment(text: string): boolean {
  return /\bprocess\.env\b/.test(text);
}

/** A door holds the names that go through it, each by itself, and nothing else. */
export function isDoor(text: string): boolean {
  const rest = text
    .replace(/export (?:type )?\{[^}*]*\} from '[^']+';\s*/g, '')
    .replace(/\/\*\*.*?\*\/\s*/gs, '');
  return rest === '';
}

/** Nobody sees what such a line lets through. */
export function exportsUnnamed(text: string): boolean {
  return /^export \*/m.test(text);
}

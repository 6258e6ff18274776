/** What a source file may not say, whatever room it lies in. */

const IMPURE: readonly RegExp[] = [
  // A clock.
  /\bDate\.now\(|\bTemporal\.Now\b|\bnew Date\(\)|\bperformance\.now\(|\bBun\.nanoseconds\(/,
  // Chance.
  /\bMath\.random\b|\brandom(?:UUID|Bytes|Int)\(|\bgetRandomValues\(/,
  // What comes later.
  /\bawait\b|\basync\b(?!\/)|\.then\(|\bnew Promise\b|\bPromise\.\w+\(|\bset(?:Timeout|Interval|Immediate)\(|\bqueueMicrotask\(/,
  // What is outside.
  /\bprocess\.|\bfetch\(|\bBun\.(?:env|file|sleep|spawn|write)\b|'node:(?:fs|dns|http|https|tls|child_process|timers)/,
];

export function isImpure(text: string): boolean {
  const code = withoutComments(text);
  return IMPURE.some((pattern) => pattern.test(code));
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
  return /\b(?:process|Bun|import\.meta)\.env\b/.test(text);
}

/** An entry holds the names that go through it, each by itself, and nothing else. */
export function isEntry(text: string): boolean {
  const rest = text
    .replace(/export (?:type )?\{[^}*]*\} from '[^']+';\s*/g, '')
    .replace(/\/\*\*.*?\*\/\s*/gs, '');
  return rest === '';
}

/** Nobody sees what such a line lets through. */
export function exportsUnnamed(text: string): boolean {
  return /^export \*/m.test(text);
}

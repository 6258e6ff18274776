import { cut, oneLine } from './text.ts';

const MAX_VALUE = 256;

/**
 * Text from outside as a code span: forges look for no mentions, references, links or HTML in it. The two
 * characters that could end the span or a table's cell are shown by others that look alike; escapes for them
 * differ from renderer to renderer.
 */
export function code(text: string): string {
  const shown = cut(oneLine(text), MAX_VALUE).replaceAll('`', 'ˋ').replaceAll('|', '¦');
  return shown === '' ? '–' : `\`${shown}\``;
}

/**
 * Text from outside where no code span can stand, such as in a title. Forges and Git read titles and commits too: what
 * could close an issue, call a user, be a command, a link, a trailer or the mark of a draft there is shown with
 * underscores.
 */
export function harmless(text: string): string {
  return oneLine(text)
    .replace(/[^A-Za-z0-9._+\-@:/~^=]/g, '_')
    .replace(/(?<![A-Za-z0-9])@/g, '_')
    .replace(/^[^A-Za-z0-9]/, '_')
    .replace(/^(?!sha\d+:)([A-Za-z0-9-]+):/, '$1_')
    .replaceAll('://', '_//')
    .replace(/(?<![A-Za-z0-9])(www)\./gi, '$1_')
    .replace(/(?<![A-Za-z0-9])(GH)-(?=\d)/gi, '$1_');
}

/** Letters and digits with a full stop, a hyphen or an apostrophe between them. */
const WORD = /^[\p{L}\p{N}]+(?:[.'’-][\p{L}\p{N}]+)*$/u;
/** Words that forges make links of all the same: addresses, and issues by their key such as GH-1. */
const REFERENCE = /^(?:www\.|[A-Za-z]+-\d+$)/i;
/** Begins a list at the start of a line. */
const ITEM = /^\d+[.)]$/;
const PUNCTUATED = /^([("'“‘]*)(.*?)([)"'”’.,:;?…]*)$/su;

/**
 * A sentence in which others' words may stand, as Markdown that says no more than its letters: what is no plain word is
 * a code span. So no user is called, no issue referred to, no picture shown, and no command given.
 */
export function plainMarkdown(sentence: string): string {
  const runs: { readonly isPlain: boolean; readonly words: string[] }[] = [];
  for (const word of oneLine(sentence).split(' ')) {
    const isPlain = isPlainWord(word);
    const last = runs.at(-1);
    if (last?.isPlain === isPlain) last.words.push(word);
    else runs.push({ isPlain, words: [word] });
  }
  return runs.map(({ isPlain, words }) => (isPlain ? words : spans(words)).join(' ')).join(' ');
}

function isPlainWord(word: string): boolean {
  const [, , inner = ''] = PUNCTUATED.exec(word) ?? [];
  return WORD.test(inner) && !REFERENCE.test(inner) && !ITEM.test(word);
}

/** Long ones are several spans: none is cut. */
function spans(words: readonly string[]): string[] {
  const text = words.join(' ');
  const [, before = '', inner = '', after = ''] = PUNCTUATED.exec(text) ?? [];
  if (inner === '') return [code(text)];
  const parts: string[] = [];
  for (let at = 0; at < inner.length; at += MAX_SPAN) parts.push(code(inner.slice(at, at + MAX_SPAN)));
  return [`${before}${parts.join(' ')}${after}`];
}

/** As long as a code span may be that was cut between two halves of a character. */
const MAX_SPAN = MAX_VALUE - 2;

/**
 * A text whose lines are no commands: GitLab does what a line that begins with a slash says, with the rights of whose
 * token it is, and on GitHub bots do. Doing it twice is doing it once.
 */
export function withoutCommands(text: string): string {
  return text.replace(/^([ \t]*)\/(?=[A-Za-z])/gm, '$1\\/');
}

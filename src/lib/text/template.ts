/**
 * A small template language for titles, texts and commit messages: `{{name}}` is a value,
 * `{{#name}}…{{/name}}` is there when the value is not empty and `{{^name}}…{{/name}}` when it is. Nothing
 * else: no expressions, no loops, nothing that could take long or read what it should not.
 */
export type Template = readonly Part[];

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly name: string }
  | {
      readonly kind: 'section';
      readonly name: string;
      readonly whenEmpty: boolean;
      readonly parts: Template;
    };

const MAX_DEPTH = 5;
const TAG = /\{\{([#^/]?)[ \t]*([A-Za-z]{1,30})[ \t]*\}\}/y;

interface Open {
  readonly name: string;
  readonly whenEmpty: boolean;
  readonly parts: Part[];
}

/** `names` are the values that there are. What is wrong is a sentence that names the fix. */
export function parseTemplate(
  text: string,
  names: readonly string[],
): { readonly template: Template } | { readonly problem: string } {
  const open: Open[] = [{ name: '', whenEmpty: false, parts: [] }];
  let at = 0;
  while (at < text.length) {
    const tagAt = text.indexOf('{{', at);
    const end = tagAt < 0 ? text.length : tagAt;
    if (end > at) open.at(-1)?.parts.push({ kind: 'text', text: text.slice(at, end) });
    if (tagAt < 0) break;
    TAG.lastIndex = tagAt;
    const [tag, sign, name = ''] = TAG.exec(text) ?? [];
    const problem = tag === undefined ? malformed(text, tagAt, names) : enter(open, sign ?? '', name, names);
    if (problem !== undefined) return { problem };
    at = TAG.lastIndex;
  }
  const [root, unclosed] = open;
  if (unclosed)
    return { problem: `{{#${unclosed.name}}} is not closed: write {{/${unclosed.name}}} after it.` };
  return { template: root?.parts ?? [] };
}

function malformed(text: string, at: number, names: readonly string[]): string {
  const quoted = text.slice(at, at + 30).replaceAll(/\s+/g, ' ');
  const name = names.includes('revision') ? 'revision' : names[0];
  return `${JSON.stringify(quoted)} is not a placeholder: write one as {{${name}}}.`;
}

/** Takes in one tag; a sentence when it must not stand here. */
function enter(open: Open[], sign: string, name: string, names: readonly string[]): string | undefined {
  if (!names.includes(name)) return `There is no {{${name}}} here: use ${names.join(', ')}.`;
  const inner = open.at(-1);
  if (sign === '') {
    inner?.parts.push({ kind: 'value', name });
    return undefined;
  }
  if (sign === '/') return leave(open, name);
  if (open.length > MAX_DEPTH) return `Sections nest deeper than ${MAX_DEPTH} levels.`;
  open.push({ name, whenEmpty: sign === '^', parts: [] });
  return undefined;
}

function leave(open: Open[], name: string): string | undefined {
  const inner = open.at(-1);
  if (!inner || open.length === 1 || inner.name !== name) {
    return `{{/${name}}} closes nothing: write {{#${name}}} before it.`;
  }
  open.pop();
  open.at(-1)?.parts.push({ kind: 'section', ...inner });
  return undefined;
}

/** The text of a template; a value that is not given is empty. */
export function renderTemplate(template: Template, values: Readonly<Record<string, string>>): string {
  const parts = template.map((part): string => {
    if (part.kind === 'text') return part.text;
    const value = Object.hasOwn(values, part.name) ? (values[part.name] ?? '') : '';
    if (part.kind === 'value') return value;
    return (value === '') === part.whenEmpty ? renderTemplate(part.parts, values) : '';
  });
  return parts.join('');
}

const CONTROL = /^(?:\} )?(?:if|else|for|while|do|switch|try|catch|finally)\b/;
/** Opens lines of its own without being a statement that nests, or a function that begins anew. */
const NEUTRAL = /^(?:case\b|default:|\{$|\w+:$)/;

const printer = new Bun.Transpiler({ loader: 'ts', inline: false, deadCodeElimination: false });

interface Level {
  readonly indent: number;
  readonly isFunction: boolean;
}

/**
 * The statements of a source file that lie deeper than `max` statements of the same function, each by its first line.
 * Bun prints a file with a statement a line and two blanks a level, which leaves nothing to parse.
 */
export function tooDeep(source: string, max: number): string[] {
  const deep: string[] = [];
  let levels: Level[] = [];
  for (const line of printer.transformSync(source).split('\n')) {
    const text = line.trim();
    const indent = line.search(/\S/);
    if (text === '') continue;
    levels = levels.filter((level) => level.indent < indent);
    const isControl = CONTROL.test(text);
    if (isControl) {
      levels.push({ indent, isFunction: false });
      const depth = levels.length - 1 - levels.findLastIndex((level) => level.isFunction);
      if (depth > max) deep.push(text);
    }
    if (/=> \{$/.test(text) || (text.endsWith('{') && !isControl && !NEUTRAL.test(text))) {
      levels.push({ indent, isFunction: true });
    }
  }
  return deep;
}

import { LineCounter } from 'yaml';

/** Lines of offsets in a text, counted from 1; the text is gone through once, when first asked. */
export type LineOf = (offset: number) => number;

export function lineCounter(text: string): LineOf {
  const lines = new LineCounter();
  return (offset) => {
    if (lines.lineStarts.length === 0) addLines(lines, text);
    return lines.linePos(offset).line;
  };
}

function addLines(lines: LineCounter, text: string): void {
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
}

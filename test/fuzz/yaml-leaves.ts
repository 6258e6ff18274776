import { isScalar, parseAllDocuments, visit } from 'yaml';

/** A scalar of a YAML stream, key or value, with its place in UTF-16 units. */
export interface Leaf {
  readonly value: unknown;
  readonly isBlock: boolean;
  readonly start: number;
  readonly end: number;
}

/** Every scalar in the order of the text, as the high-level parser reads it. */
export function leavesOf(text: string): Leaf[] {
  const leaves: Leaf[] = [];
  const shift = text.startsWith('\ufeff') ? 1 : 0;
  const documents = parseAllDocuments(text.slice(shift), {
    schema: 'failsafe',
    uniqueKeys: false,
    logLevel: 'silent',
    prettyErrors: false,
  });
  for (const document of documents) {
    visit(document, (_, node) => {
      if (!isScalar(node) || !node.range) return;
      const [start, end] = node.range;
      const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
      leaves.push({ value: node.value, isBlock, start: start + shift, end: end + shift });
    });
  }
  return leaves.sort((one, other) => one.start - other.start);
}

export { isDeeperThan } from './depth.ts';
export { durationSeconds } from './duration.ts';
export {
  type FieldPart,
  type FieldPath,
  fieldPathProblem,
  parseFieldPath,
  parseParts,
  valuesAt,
} from './field-path.ts';
export {
  type Glob,
  type GlobState,
  globEnter,
  globMatches,
  globProblem,
  globStart,
  parseGlob,
} from './glob.ts';
export { jitterFor, MAX_JITTER } from './jitter.ts';
export { commaSeparated } from './list.ts';
export { code, harmless, plainMarkdown, withoutCommands } from './markdown.ts';
export { type PemBlock, pemBlocks, pemText } from './pem.ts';
export { escapeControls, escapeControlsInLines, hasControls, maskControls } from './printable.ts';
export { parseTemplate, renderTemplate } from './template.ts';
export { cut, cutBytes, cutCharacters, MAX_QUOTED, oneLine } from './text.ts';
export { brokenRule, type TextRule } from './text-rules.ts';
export { wholeSeconds } from './time.ts';

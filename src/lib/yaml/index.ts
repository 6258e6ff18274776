export { type ComposeLimits, createComposition } from './compose.ts';
export { type EditedText, editSteps, type Findings } from './edit.ts';
export { fieldFinder, mentionsField } from './field.ts';
export { hasMarker, keysNamed, MARKER } from './marker/comment.ts';
export { isEncrypted } from './marker/sops.ts';
export { markerFinder, mentionsKey } from './marker.ts';
export type { Standing } from './standing.ts';

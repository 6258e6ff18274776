export { groupOf } from './group.ts';
export { type LabelSelector, parseLabelSelector } from './label-selector.ts';

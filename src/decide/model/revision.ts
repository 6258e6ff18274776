/** What Flux says that an application runs: read in one place, compared in one place, shown in one form. */

export * from './revision/artifact.ts';
export * from './revision/environment.ts';
export * from './revision/image.ts';
export * from './revision/order.ts';
export * from './revision/parts.ts';
export * from './revision/same.ts';
export * from './revision/set.ts';
export * from './revision/shown.ts';
export { fullRevision, OCI_TAG, parseRevision, type Revision } from './revision/value.ts';
export * from './revision/written.ts';

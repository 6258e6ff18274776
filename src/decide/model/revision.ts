/** The revision that Flux reports for an application: parsed in one place, compared in one place, shown in one form. */

export { asChart, type RevisionDetails, withArtifact, withoutBuild } from './revision/artifact.ts';
export { isNewerThere, newerThere, type Recorded, revisionOf } from './revision/environment.ts';
export { type ImageReference, imageRevision, imageText, parseImage } from './revision/image.ts';
export { isComparable, isOlder, isOrdered, newestFirst, semverOf } from './revision/order.ts';
export { lacksPart, type RevisionPart, revisionPart } from './revision/parts.ts';
export { fullestOf, hasArrived, isNeeded, isSame, pinsOf } from './revision/same.ts';
export {
  isUnmistakable,
  mapMembers,
  memberOf,
  memberRevision,
  membersOf,
  partsOf,
  setOf,
} from './revision/set.ts';
export { isPrintable, shortRevision, shownRevision } from './revision/shown.ts';
export { fullRevision, OCI_TAG, parseRevision } from './revision/value.ts';
export { type Asked, type Written, writtenAs } from './revision/written.ts';

export { type Connected, createConnections } from './connections.ts';
export { copyKey } from './copy-key.ts';
export type { StoreSettings } from './disk.ts';
export { unusable } from './failure.ts';
export { branchNotFound, fetchTip } from './fetch.ts';
export { fetchCommits } from './fetch-pack.ts';
export { type Asker, createKeyLane } from './key-lane.ts';
export type { NoteKind } from './notes.ts';
export {
  type Commit,
  commitObject,
  type GitObject,
  gitObject,
  type Person,
  parseCommit,
  parseTree,
  personText,
  type TreeEntry,
  treeWith,
} from './objects.ts';
export { type Packs, withObjects } from './pack/packs.ts';
export {
  type Advertised,
  type AdvertisedBranches,
  parseAdvertisement,
  parseBranches,
} from './protocol/advertisement.ts';
export { FLUSH_PKT, pktLine } from './protocol/pktline.ts';
export { pushRefs, type RefUpdate, type RefusedRef } from './protocol/receive.ts';
export { branchOf, refOf } from './refs.ts';
export type { PushForm, RefusedPush } from './refusal.ts';
export type { Advice, GitCredentials } from './remote.ts';
export type { Repository } from './repository.ts';
export type { CommitSigner, SigningKey } from './sign/key.ts';
export { createSigners, type Signers } from './sign.ts';
export { createRepositoryStore, type RepositoryStore } from './store.ts';
export type { Transport } from './transport.ts';

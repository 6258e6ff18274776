export { createMetricsReaders } from './access/metrics-readers.ts';
export { type Access, createAccess, type Readability } from './access/own-access.ts';
export { createSubjectAccess, type ObjectAttributes, type SubjectAccess } from './access/subject-access.ts';
export { type Authorities, authorityFile } from './certificates/authority-file.ts';
export { readCertificate } from './certificates/certificate.ts';
export { type Certificates, createCertificateManager } from './certificates/certificates.ts';
export { fileCertificates } from './certificates/files.ts';
export { createByteRoom } from './client/byte-room.ts';
export { createHostCheck, type HostCheck } from './client/host-check.ts';
export { busy, type ClusterRoom, createRequestQueue } from './client/request-queue.ts';
export type { RequestRecord } from './client/sender.ts';
export { apiStatus } from './client/status.ts';
export {
  createKubeClient,
  type KubeClient,
  type KubeClientDeps,
  type KubeLimits,
  REMOTE_LIMITS,
} from './client/transport.ts';
export { createDiscovery, type Discovery, type Resource } from './discovery.ts';
export { createLeaderElector } from './election/election.ts';
export type { LeaseTimings } from './election/holder.ts';
export { createEventRecorder, eventName, type KubeEvent } from './events.ts';
export { createObjectCache, type KubeObject, type ObjectCache, objectKey } from './informer/cache.ts';
export { createInformer } from './informer/informer.ts';
export { listAll } from './informer/list.ts';
export { createReflector } from './informer/reflector.ts';
export { loadKubeConfig } from './kubeconfig/load.ts';
export { resourcePath } from './path.ts';
export type { ObjectReference } from './reference.ts';

import type { Act } from '../act.ts';
import { actAsLeaf } from '../leaf-server.ts';

/** The server is silent like an API server without a quorum of etcd. */
export const leafSilence: Act = {
  name: 'leaf-silence',
  summary: 'a leaf API server that answers /version and discovery, and then nothing',
  perform: (context) => actAsLeaf(context, { list: () => new Promise<Response>(() => undefined) }),
};

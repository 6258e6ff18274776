import { type Act, between } from '../act.ts';
import { actAsLeaf } from '../leaf-server.ts';

export const leafSeveralKubeconfigs: Act = {
  name: 'leaf-several-kubeconfigs',
  summary: 'several leaf clusters of one namespace that all hang in lists, reads and watches',
  perform(context) {
    const kubeconfigs = between(context.random, 4, 40);
    context.note(`${kubeconfigs} kubeconfigs`);
    return actAsLeaf(context, { kubeconfigs, list: () => new Promise<Response>(() => undefined) });
  },
};

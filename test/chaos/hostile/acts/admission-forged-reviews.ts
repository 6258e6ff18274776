import { type Act, between, pause } from '../act.ts';
import { keepConnecting } from '../connections.ts';

/** Each review names fifty Secrets that are looked up, of a namespace that the caller chooses. */
export const admissionForgedReviews: Act = {
  name: 'admission-forged-reviews',
  summary: 'callers that ask the admission webhook about Secrets and Pipelines with names of their own',
  perform(context) {
    const connections = between(context.random, 2, 16);
    const everyMs = between(context.random, 20, 200);
    context.note(`${connections} connections, each with a review every ${everyMs} ms`);
    return keepConnecting(context, {
      port: context.admissionPort,
      tls: true,
      connections,
      async call(socket, number, gone) {
        for (let round = 0; round < 500 && !gone.aborted; round += 1) {
          const body = review(`n${number}`, round);
          const start = `POST /validate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json`;
          socket.write(`${start}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
          await pause(everyMs, gone);
        }
        socket.destroy();
      },
    });
  },
};

function review(namespace: string, round: number): string {
  const appRef = { apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', name: 'app' };
  const environments = Array.from({ length: 50 }, (_, index) => ({
    name: `e${index}`,
    targets: [{ namespace: `x${index}` }],
    promotion: { strategy: { notification: {}, secretRef: { name: `s${round}-${index}` } } },
  }));
  const object = {
    apiVersion: 'pipelines.weave.works/v1alpha1',
    kind: 'Pipeline',
    metadata: { name: 'x', namespace },
    spec: { appRef, environments },
  };
  const request = { uid: '1', operation: 'CREATE', namespace, name: 'x', object };
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
}

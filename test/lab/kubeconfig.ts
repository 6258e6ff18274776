import { stringify } from 'yaml';

export interface ClusterAddress {
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  /** PEM */
  readonly ca: string;
}

/** Names and fields as in a kubeconfig's `users[].user`. */
export type UserCredentials =
  | { readonly 'client-certificate-data': string; readonly 'client-key-data': string }
  | { readonly tokenFile: string }
  | { readonly token: string };

/** The text of a kubeconfig with one cluster, one user and one context. */
export function kubeconfig(
  cluster: ClusterAddress,
  user: { readonly name: string; readonly credentials: UserCredentials; readonly namespace?: string },
): string {
  const { name, credentials, namespace = 'default' } = user;
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'lab',
      clusters: [
        {
          name: 'lab',
          cluster: { server: cluster.server, 'certificate-authority-data': toBase64(cluster.ca) },
        },
      ],
      users: [{ name, user: credentials }],
      contexts: [{ name: 'lab', context: { cluster: 'lab', user: name, namespace } }],
    },
    { lineWidth: 0 },
  );
}

export function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}

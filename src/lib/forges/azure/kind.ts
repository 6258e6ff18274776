import type { Kind } from '../url/kind.ts';
import { azureAddress } from './address.ts';

export const kind: Kind = {
  hosts: ['dev.azure.com', 'ssh.dev.azure.com', '*.visualstudio.com'],
  labels: [],
  path: /\/_git\/[^/]+\/*$/,
  form: 'https://dev.azure.com/<organization>/<project>/_git/<repository>',
  sshForm: 'ssh://git@ssh.dev.azure.com/v3/<organization>/<project>/<repository>',
  address: azureAddress,
};

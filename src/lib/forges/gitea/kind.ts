import type { Kind } from '../url/kind.ts';
import { repositoryAddress } from '../url/repository.ts';

export const kind: Kind = {
  hosts: ['codeberg.org', 'gitea.com'],
  labels: ['gitea', 'forgejo'],
  form: 'https://<host>/<owner>/<repository>',
  address: (url) => repositoryAddress(url, 'prefix-allowed'),
};

import type { Kind } from '../url/kind.ts';
import { repositoryAddress } from '../url/repository.ts';

export const kind: Kind = {
  hosts: ['github.com', '*.ghe.com'],
  labels: ['github'],
  form: 'https://<host>/<owner>/<repository>',
  address: (url) => repositoryAddress(url, 'no-prefix'),
  // https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
  keepsRebased: true,
};

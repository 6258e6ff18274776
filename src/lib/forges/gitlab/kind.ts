import type { Kind } from '../url/kind.ts';
import { repositoryAddress } from '../url/repository.ts';

export const kind: Kind = {
  hosts: ['gitlab.com'],
  labels: ['gitlab'],
  form: 'https://<host>/<group>/<project>',
  address: (url) => repositoryAddress(url, 'prefix-allowed'),
  // Makes pipelines for four of them alone, and calls no webhook where there are more than three:
  // https://gitlab.com/gitlab-org/gitlab/-/issues/31009, https://gitlab.com/gitlab-org/gitlab/-/issues/38251
  branchesAtOnce: 3,
};

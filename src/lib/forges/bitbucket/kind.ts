import type { Kind } from '../url/kind.ts';
import { bitbucketAddress } from './address.ts';

export const kind: Kind = {
  hosts: [],
  labels: ['bitbucket'],
  path: /\/(scm\/[^/]+|(projects|users)\/[^/]+\/repos)\/[^/]+(\/browse)?\/*$/,
  form: 'https://<host>/scm/<project>/<repository>.git',
  sshForm: 'ssh://git@<host>:7999/<project>/<repository>.git',
  address: bitbucketAddress,
  // Bitbucket takes a token of a repository or a project in no other way:
  // https://confluence.atlassian.com/bitbucketserver086/http-access-tokens-1188782454.html
  takesBearer: true,
};

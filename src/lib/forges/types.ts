import { kind as azure } from './azure/kind.ts';
import { kind as bitbucket } from './bitbucket/kind.ts';
import { kind as gitea } from './gitea/kind.ts';
import { kind as github } from './github/kind.ts';
import { kind as gitlab } from './gitlab/kind.ts';
import type { Kind } from './url/kind.ts';

/** The kinds of forges that pull requests can be opened on, one line a host. */
const KINDS = { github, gitlab, 'bitbucket-server': bitbucket, gitea, 'azure-devops': azure } as const;

export type ForgeType = keyof typeof KINDS;
export const FORGE_TYPES = Object.keys(KINDS) as readonly string[] as readonly [ForgeType, ...ForgeType[]];

export function kindOf(type: ForgeType): Kind {
  return KINDS[type];
}

/** The methods by which a pull request is merged into its base branch. */
export const MERGE_METHODS = ['merge', 'squash', 'rebase'] as const;
export type MergeMethod = (typeof MERGE_METHODS)[number];

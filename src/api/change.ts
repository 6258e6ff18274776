import * as v from 'valibot';
import { MERGE_METHODS } from '../lib/forges/pure.ts';
import { MAX_BRANCH_BYTES } from '../lib/git/pure.ts';
import type { TextRule } from '../lib/text/index.ts';
import { secretReference } from './names.ts';
import { matching, rules, textRules } from './rules.ts';

/** The fields of a strategy that say what a promotion changes in Git, and how its commits and texts look. */

const ATOMIC = { 'x-kubernetes-list-type': 'atomic' };

const FILE_VALUES = ['revision', 'tag', 'digest', 'commit', 'version'] as const;

export const FileEdit = v.pipe(
  v.object({
    path: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(512),
      v.description(
        'Files in the repository: a path or a pattern with *, ? and **, such as apps/*/prod.yaml. Only .yaml and .yml files.',
      ),
    ),
    field: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(512),
      v.description(
        'Path of the field in those files, such as spec.chart.spec.version, images[name=app].newTag or spec.containers[0].image.',
      ),
    ),
    artifact: v.optional(
      v.pipe(
        v.string(),
        v.minLength(1),
        v.maxLength(32),
        v.description('Name of the artifact in spec.artifacts, if the Pipeline has artifacts.'),
      ),
    ),
    value: v.optional(
      v.pipe(
        v.picklist(FILE_VALUES),
        v.description(
          'What is written: revision, all of it; tag or digest of an artifact in a registry; commit, the hash alone; version, without v, digest and commit. Default: revision.',
        ),
      ),
    ),
  }),
  v.description('A field that is set to the revision.'),
);
export type FileEdit = v.InferOutput<typeof FileEdit>;

export const files = v.pipe(
  v.array(FileEdit),
  v.minLength(1),
  v.maxLength(20),
  v.metadata(ATOMIC),
  v.description('Fields to set in addition to those with a marker: 1 to 20.'),
);

const PERSON_RULES: readonly TextRule[] = [
  {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
    matches: /^[^<>\x00-\x1f\x7f]*$/,
    message: 'Leave out "<", ">" and control characters: Git allows none of them in a name or address.',
  },
];

const personText = (description: string) =>
  v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(255),
    matching(PERSON_RULES),
    rules(...textRules(PERSON_RULES)),
    v.description(description),
  );

const person = (description: string) =>
  v.pipe(
    v.object({
      name: personText('Name, such as Release Bot.'),
      email: personText('Address, such as release-bot@example.com.'),
    }),
    v.description(description),
  );

export const CommitSettings = v.pipe(
  v.object({
    author: v.optional(person('Author of the commits. Default: Turnpike.')),
    committer: v.optional(person('Committer of the commits. Default: the author.')),
    signingKeySecretRef: v.optional(
      v.pipe(
        secretReference("Name of a Secret in the Pipeline's namespace."),
        v.description(
          "Secret with the key that commits are signed with: signing-key and signing-passphrase, or by Flux's keys git.asc and passphrase, or identity and password. Default: signing-key of the Secret with the credentials.",
        ),
      ),
    ),
  }),
  v.description('How commits are made. They are signed if there is a signing key.'),
);
export type CommitSettings = v.InferOutput<typeof CommitSettings>;

const template = (maxLength: number, description: string) =>
  v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(maxLength), v.description(description)));

export const branch = template(
  MAX_BRANCH_BYTES,
  'Template of the branch that pull requests come from, with {{namespace}}, {{pipeline}} and {{environment}}. Default: promotion-{{namespace}}-{{pipeline}}-{{environment}}.',
);

export const CommitTemplates = v.pipe(
  v.object({
    commit: template(4096, 'Message of the commit; Turnpike adds a line that names the Pipeline.'),
  }),
  v.description('Templates with placeholders such as {{revision}}.'),
);

export const PullRequestTemplates = v.pipe(
  v.object({
    title: template(256, 'Title of the pull request, a single line.'),
    body: template(8192, 'Text of the pull request, in Markdown; {{summary}} and {{changes}} are its parts.'),
    ...CommitTemplates.entries,
  }),
  v.description('Templates with placeholders such as {{revision}}, {{environment}} and {{from}}.'),
);
export type PullRequestTemplates = v.InferOutput<typeof PullRequestTemplates>;

const nameList = (maxLength: number, description: string) =>
  v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(255), v.description('A name.'))),
      v.maxLength(maxLength),
      v.metadata(ATOMIC),
      v.description(description),
    ),
  );

/** Settings of what people see on the forge. */
export const PRESENTATION = {
  labels: nameList(20, 'Labels that the pull request gets.'),
  assignees: nameList(10, 'Users to assign it to, by their names on the forge.'),
  reviewers: nameList(10, 'Users to request a review from, by their names on the forge.'),
  draft: v.optional(
    v.pipe(v.boolean(), v.description('Open it as a draft, if the forge supports drafts. Default: false.')),
  ),
};

const MERGES = ['manual', 'auto'] as const;

export const merge = v.optional(
  v.pipe(
    v.picklist(MERGES),
    v.description(
      "Who merges: manual, a person; auto, Turnpike as soon as the forge's checks pass. Default: manual.",
    ),
  ),
);

export const mergeMethod = v.optional(
  v.pipe(
    v.picklist(MERGE_METHODS),
    v.description(
      'How merge: auto merges: merge, by a merge commit; squash, as one new commit; rebase, by its commit on top of the base branch. Default: what the repository prefers if its forge has such a setting, else the first of these that the forge and the base branch allow.',
    ),
  ),
);

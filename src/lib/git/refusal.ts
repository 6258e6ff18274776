import { refOf } from './refs.ts';

/**
 * The reason why a server does not take a branch, by its words. `force`: it takes no branch that goes back behind where
 * it was. `rule`: a rule about the pushed commit, which no other form of it meets. `declined`: a rule that does not
 * name its subject. These stand until a person changes something. `passing`: the next attempt may succeed.
 */
export interface Refusal {
  readonly kind: 'force' | 'rule' | 'declined' | 'passing';
  /** The subject of the rule, where it names one. */
  readonly about?: 'branch-name' | 'commit-message' | 'person' | 'signature';
}

interface Row extends Refusal {
  readonly words: RegExp;
}

/**
 * The first row that fits counts. Git's own words: https://github.com/git/git/blob/master/builtin/receive-pack.c and
 * …/refs/files-backend.c. GitHub (GH0…): https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
 * and https://github.com/dependabot/dependabot-core/pull/9439. GitLab: https://docs.gitlab.com/user/project/repository/push_rules/
 * and https://docs.gitlab.com/user/project/repository/branches/protected/. Gitea:
 * https://github.com/go-gitea/gitea/blob/main/routers/private/hook_pre_receive.go. Azure (TF…):
 * https://learn.microsoft.com/en-us/azure/devops/repos/git/branch-permissions and, for the words,
 * https://david.gardiner.net.au/2019/07/azure-devops-force-push-default.html. Bitbucket:
 * https://confluence.atlassian.com/bitbucketserver/using-repository-hooks-776639836.html
 */
const ROWS: readonly Row[] = [
  { kind: 'force', words: /non-fast-forward|forced?[- ]?push|forced? update|rewrit\w+ (?:of )?history/i },
  {
    kind: 'rule',
    words: /\bbranch(?:es|'s)? names?\b|naming convention|CreateBranch|creations being restricted/i,
    about: 'branch-name',
  },
  { kind: 'rule', words: /exists; cannot create|refname conflict|funny refname/i, about: 'branch-name' },
  { kind: 'rule', words: /commit message/i, about: 'commit-message' },
  { kind: 'rule', words: /\b(?:author|committer)\b|email privacy|private email/i, about: 'person' },
  { kind: 'rule', words: /\bsigned\b|signature|unverified commit/i, about: 'signature' },
  { kind: 'rule', words: /size limit|larger than|exceeds (?:the )?(?:maximum )?allowed/i },
  {
    kind: 'passing',
    words: /internal (?:server |api )?(?:error|connection|api)|timed? ?out|try again|temporar|unavailable/i,
  },
  {
    kind: 'passing',
    words: /unreachable|no space left|too many requests|rate limit|commit_refs|maintenance/i,
  },
  { kind: 'passing', words: /\bunpack(?:er)?\b|index-pack|cannot lock|failed to (?:lock|update|write)/i },
  {
    kind: 'passing',
    words:
      /incorrect old value|reference (?:already exists|does not exist)|already been updated|but expected/i,
  },
  {
    kind: 'declined',
    words: /declined|protected|prohibit|not (?:allowed|permitted)|den(?:y|ied)|forbidden/i,
  },
  { kind: 'declined', words: /rule violation|polic(?:y|ies)\b|hidden ref|permission|checked out/i },
  { kind: 'declined', words: /read-only|archived|\bGH0\d\d\b|\b(?:TF|VS)40\d{4}\b/ },
];

/** The characters of a refusal that are read, many more than a rule says of itself. */
const MAX_READ = 16_384;
const ADDRESS = /https?:\/\/\S+/g;
/** A word that may be a name; a sentence ends behind it. */
const NAMED = /[^\s'"`:,;()]+/g;

/** Names and addresses in the words say nothing of the reason. Unknown words count as `passing`. */
export function refusalOf(words: string, branch: string): Refusal {
  const names = [branch, refOf(branch)].flatMap((name) => [name, `${name}.`]);
  const said = words
    .slice(0, MAX_READ)
    .replaceAll(ADDRESS, ' ')
    .replaceAll(NAMED, (name) => (names.includes(name) ? ' ' : name));
  return ROWS.find((row) => row.words.test(said)) ?? { kind: 'passing' };
}

/**
 * `forced`: the commit does not go on from the branch's tip, which takes a force push; `forced-only`: and no merge
 * commit may take its place. `on-top`: it does go on from it, because the server takes no force push.
 */
export type PushForm = 'forced' | 'forced-only' | 'on-top';

/** A refusal of one ref of a push. */
export interface RefusedPush extends Refusal {
  readonly branch: string;
  readonly form: PushForm | undefined;
}

/** Says in a sentence what to do about a refusal; undefined where nothing is known that helps. */
export type Advise = (refused: RefusedPush) => string | undefined;

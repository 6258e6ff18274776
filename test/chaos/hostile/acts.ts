import type { Act } from './act.ts';
import { admissionForgedReviews } from './acts/admission-forged-reviews.ts';
import { admissionHalfOpen } from './acts/admission-half-open.ts';
import { admissionHeldBodies } from './acts/admission-held-bodies.ts';
import { forgeEndlessAnswers } from './acts/forge-endless-answers.ts';
import { forgeErrors } from './acts/forge-errors.ts';
import { forgeLargeAnswers } from './acts/forge-large-answers.ts';
import { forgeSilence } from './acts/forge-silence.ts';
import { gitDeltaBomb } from './acts/git-delta-bomb.ts';
import { gitDrip } from './acts/git-drip.ts';
import { gitEndlessRefs } from './acts/git-endless-refs.ts';
import { gitInflateBomb } from './acts/git-inflate-bomb.ts';
import { gitLargeError } from './acts/git-large-error.ts';
import { gitLargePack } from './acts/git-large-pack.ts';
import { gitManyObjects } from './acts/git-many-objects.ts';
import { gitPktLines } from './acts/git-pkt-lines.ts';
import { gitSilence } from './acts/git-silence.ts';
import { hookHeldBodies } from './acts/hook-held-bodies.ts';
import { hookInventedNames } from './acts/hook-invented-names.ts';
import { hookSlowHeaders } from './acts/hook-slow-headers.ts';
import { knownHostsLines } from './acts/known-hosts-lines.ts';
import { knownHostsStars } from './acts/known-hosts-stars.ts';
import { leafDrip } from './acts/leaf-drip.ts';
import { leafEndlessPages } from './acts/leaf-endless-pages.ts';
import { leafLargePages } from './acts/leaf-large-pages.ts';
import { leafSeveralKubeconfigs } from './acts/leaf-several-kubeconfigs.ts';
import { leafSilence } from './acts/leaf-silence.ts';
import { sshIdentityRounds } from './acts/ssh-identity-rounds.ts';
import { yamlAliases } from './acts/yaml-aliases.ts';
import { yamlDeep } from './acts/yaml-deep.ts';
import { yamlLongLines } from './acts/yaml-long-lines.ts';
import { yamlManyFiles } from './acts/yaml-many-files.ts';
import { yamlTokens } from './acts/yaml-tokens.ts';

export const ACTS: readonly Act[] = [
  gitPktLines,
  gitEndlessRefs,
  gitLargePack,
  gitLargeError,
  gitDeltaBomb,
  gitInflateBomb,
  gitManyObjects,
  gitDrip,
  gitSilence,
  knownHostsStars,
  knownHostsLines,
  sshIdentityRounds,
  leafSilence,
  leafSeveralKubeconfigs,
  leafLargePages,
  leafEndlessPages,
  leafDrip,
  forgeLargeAnswers,
  forgeEndlessAnswers,
  forgeErrors,
  forgeSilence,
  hookHeldBodies,
  hookInventedNames,
  hookSlowHeaders,
  admissionHalfOpen,
  admissionHeldBodies,
  admissionForgedReviews,
  yamlTokens,
  yamlManyFiles,
  yamlDeep,
  yamlAliases,
  yamlLongLines,
];

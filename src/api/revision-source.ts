import * as v from 'valibot';
import type { TextRule } from '../lib/text/index.ts';
import { matching, rules, textRules } from './rules.ts';

/** Fields that say where the application object has its revision: one, or that of several artifacts at once. */

const LAST_STEP =
  /\.(tag|newTag|digest|version|commit|ref|image|[A-Za-z_][A-Za-z0-9_-]*(Tag|Version|Ref|Digest|Image|[_-](tag|version|ref|digest|image|TAG|VERSION|REF|DIGEST|IMAGE)))$/;

/** A path must not be a way to read what else an object holds, such as passwords. */
export const PATH_RULES: readonly TextRule[] = [
  {
    matches: /^(\.[A-Za-z_][A-Za-z0-9_-]*|\[[0-9]{1,4}\]|\[name=[^[\]=,]+\])+$/,
    message:
      'Write steps of .field, [0] and [name=app], as in .spec.values.image.tag or .spec.images[name=ghcr.io/acme/shop].newTag.',
  },
  { matches: /^\.(spec|status)\./, message: 'Begin the path with .spec, or with .status.' },
  {
    notMatching: /\.[eE][nN][vV]([fF]rom|[vV]ars?)?(\.|\[|$)/,
    message: 'Environment variables are not read: name the field that holds a tag, version, digest or image.',
  },
  {
    matches: LAST_STEP,
    message:
      'End the path with tag, newTag, digest, version, commit, ref or image, or with a field whose name ends in Tag, Version, Ref, Digest or Image.',
  },
];

const path = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(512),
  matching(PATH_RULES),
  rules(...textRules(PATH_RULES)),
  v.description(
    "Path of the field in the application object, such as .spec.values.image.tag, .spec.images[name=ghcr.io/acme/shop].newTag or .spec.template.spec.containers[name=app].image; its last step is named after a tag, version, digest, commit, ref or image. Default: what Flux calls the object's revision; of a Deployment, StatefulSet or DaemonSet, the image of the first container.",
  ),
);

const EVENT_RULES: readonly TextRule[] = [
  {
    matches: /^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$/,
    message: 'Use letters, digits, "-", "_" and ".", with a letter or digit at both ends.',
  },
  {
    notMatching: /^(revision|token|summary|commit_status)$/,
    message:
      'Flux uses this key itself: choose another one, such as image, and annotate the application with event.toolkit.fluxcd.io/image.',
  },
];

const event = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(63),
  matching(EVENT_RULES),
  rules(...textRules(EVENT_RULES)),
  v.description(
    "Key of the events' metadata that has it, for clusters that are known by events: image for the annotation event.toolkit.fluxcd.io/image of the application, app-version or originRevision for what Flux reports. Default: such events are refused where the application cannot be read.",
  ),
);

export const RevisionSource = v.object({ path: v.optional(path), event: v.optional(event) });
export type RevisionSource = v.InferOutput<typeof RevisionSource>;

const NAME_RULES: readonly TextRule[] = [
  {
    matches: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    message: 'Use lower case letters, digits and "-", with a letter first and no "-" at the end.',
  },
  {
    notMatching: /^(revision|tag|digest|commit|version)$/,
    message:
      'Markers use this word themselves: choose a name other than revision, tag, digest, commit and version.',
  },
];

export const Artifact = v.pipe(
  v.object({
    name: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(32),
      matching(NAME_RULES),
      rules(...textRules(NAME_RULES)),
      v.description(
        'Name of the artifact, unique in the Pipeline; markers refer to it, as in "apps:shop:prod:image".',
      ),
    ),
    ...RevisionSource.entries,
  }),
  v.description(
    'One of the artifacts that are promoted together, and where the application object has its revision.',
  ),
);
export type Artifact = v.InferOutput<typeof Artifact>;

export const artifacts = v.pipe(
  v.array(Artifact),
  v.minLength(1),
  v.maxLength(8),
  v.metadata({ 'x-kubernetes-list-type': 'atomic' }),
  rules(
    {
      rule: 'self.all(one, !has(one.name) || self.exists_one(other, has(other.name) && other.name == one.name))',
      message: 'Two artifacts have the same name: give each a name of its own.',
    },
    {
      rule: 'self.filter(one, !has(one.path)).size() < 2',
      message:
        'Two artifacts have no path, and both would be what Flux reports as the revision: give one of them a path.',
    },
  ),
  v.description(
    'Artifacts that are promoted together, in place of revision: 1 to 8. The revision consists of all of them, such as chart=6.5.0,image=1.9.2; a marker names the one that it is for.',
  ),
);

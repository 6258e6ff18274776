import { describe, expect, test } from 'bun:test';
import { code } from '../../../../src/lib/text/markdown.ts';
import { hasMarker } from '../../../../src/lib/yaml/marker/comment.ts';
import { mentionsKey } from '../../../../src/lib/yaml/marker.ts';
import { editMarked } from './edit-marked.ts';

const KEY = 'apps:podinfo:prod';
const MARK = '# {"$promotion": "apps:podinfo:prod"}';
const NEW = '6.1.0';
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const OCI = `6.1.0@${DIGEST}`;
const TAG_MARK = '# {"$promotion": "apps:podinfo:prod:tag"}';
const COMMIT = '9a8b7c6d5e'.repeat(4);
const DIGEST_MARK = '# {"$promotion": "apps:podinfo:prod:digest"}';

const OTHERS = '# {"$promotion": "apps:podinfo:dev"}';
const FLUX_MARK = '# {"$imagepolicy": "flux-system:podinfo:tag"}';

/** A row: what it shows, the text, and the text afterwards; without the latter nothing changes. */
interface Row {
  readonly shows: string;
  readonly text: string;
  readonly after?: string;
  readonly value?: string;
  readonly problem?: RegExp;
  readonly marked?: number;
}

const REPLACED: readonly Row[] = [
  { shows: 'a plain scalar', text: `version: 1.0.0 ${MARK}\n`, after: `version: 6.1.0 ${MARK}\n` },
  {
    shows: 'a single-quoted scalar',
    text: `version: '1.0.0' ${MARK}\n`,
    after: `version: '6.1.0' ${MARK}\n`,
  },
  {
    shows: 'a double-quoted scalar',
    text: `version: "1.0.0" ${MARK}\n`,
    after: `version: "6.1.0" ${MARK}\n`,
  },
  {
    shows: 'a marker without spaces',
    text: 'version: 1.0.0 #{"$promotion":"apps:podinfo:prod"}\n',
    after: 'version: 6.1.0 #{"$promotion":"apps:podinfo:prod"}\n',
  },
  {
    shows: 'a marker with spaces in odd places',
    text: 'version: 1.0.0 #   { "$promotion" :  "apps:podinfo:prod" }  \n',
    after: 'version: 6.1.0 #   { "$promotion" :  "apps:podinfo:prod" }  \n',
  },
  {
    shows: 'a marker on the line above, siblings untouched',
    text: `spec:\n  name: 1.0.0\n  ${MARK}\n  version: 1.0.0\n  other: 1.0.0\n`,
    after: `spec:\n  name: 1.0.0\n  ${MARK}\n  version: 6.1.0\n  other: 1.0.0\n`,
  },
  {
    shows: 'a marker above the first key of the file',
    text: `${MARK}\nversion: 1.0.0\nother: 1.0.0\n`,
    after: `${MARK}\nversion: 6.1.0\nother: 1.0.0\n`,
  },
  {
    shows: 'a marker above that is less indented',
    text: `spec:\n${MARK}\n  version: 1.0.0\n`,
    after: `spec:\n${MARK}\n  version: 6.1.0\n`,
  },
  {
    shows: 'a marker between the key and its value',
    text: `version: ${MARK}\n  1.0.0\n`,
    after: `version: ${MARK}\n  6.1.0\n`,
  },
  {
    shows: 'further members in the JSON object',
    text: 'version: 1.0.0 # {"a": "b", "$promotion": "apps:podinfo:prod"}\n',
    after: 'version: 6.1.0 # {"a": "b", "$promotion": "apps:podinfo:prod"}\n',
  },
  {
    shows: "a marker behind Flux's",
    text: `version: 1.0.0 ${FLUX_MARK} ${MARK}\n`,
    after: `version: 6.1.0 ${FLUX_MARK} ${MARK}\n`,
  },
  {
    shows: "a marker before Flux's",
    text: `version: 1.0.0 ${MARK} ${FLUX_MARK}\n`,
    after: `version: 6.1.0 ${MARK} ${FLUX_MARK}\n`,
  },
  {
    shows: "a marker that is Flux's too",
    text: 'version: 1.0.0 # {"$imagepolicy": "a:b:tag", "$promotion": "apps:podinfo:prod"}\n',
    after: 'version: 6.1.0 # {"$imagepolicy": "a:b:tag", "$promotion": "apps:podinfo:prod"}\n',
  },
  {
    shows: 'a marker beside that of another environment',
    text: `version: 1.0.0 ${OTHERS} #${MARK}  \n`,
    after: `version: 6.1.0 ${OTHERS} #${MARK}  \n`,
  },
  {
    shows: "a marker beside Flux's on the line above",
    text: `${FLUX_MARK}#${MARK}\nversion: 1.0.0\n`,
    after: `${FLUX_MARK}#${MARK}\nversion: 6.1.0\n`,
  },
  { shows: 'a list item', text: `- a\n- 1.0.0 ${MARK}\n`, after: `- a\n- 6.1.0 ${MARK}\n` },
  { shows: 'a marker above a list item', text: `- a\n${MARK}\n- 1.0.0\n`, after: `- a\n${MARK}\n- 6.1.0\n` },
  {
    shows: 'the tag of an image, and not its repository',
    text: `image: nginx:1.22.0 ${MARK}\n`,
    after: `image: nginx:6.1.0 ${MARK}\n`,
  },
  {
    shows: 'a version that is a number to YAML, quoted',
    text: `version: 6.9 ${MARK}\n`,
    after: `version: "6.10" ${MARK}\n`,
    value: '6.10',
  },
  {
    shows: 'a number that is the version already but is no string',
    text: `version: 6.10 ${MARK}\n`,
    after: `version: "6.10" ${MARK}\n`,
    value: '6.10',
  },
  {
    shows: 'a value with an anchor',
    text: `a: &v 1.0.0 ${MARK}\nb: *v\n`,
    after: `a: &v 6.1.0 ${MARK}\nb: *v\n`,
  },
  {
    shows: 'a value with a tag',
    text: `a: !!str 1.0.0 ${MARK}\n`,
    after: `a: !!str 6.1.0 ${MARK}\n`,
  },
  {
    shows: 'a literal block',
    text: `a: | ${MARK}\n  1.0.0\n\nb: 1\n`,
    after: `a: |- ${MARK}\n  6.1.0\n\nb: 1\n`,
  },
  {
    shows: 'a folded block of two lines, marked above',
    text: `${MARK}\na: >+\n    >=1.0.0\n    <2.0.0\nb: 1\n`,
    after: `${MARK}\na: >-\n    6.1.0\nb: 1\n`,
  },
  {
    shows: 'a block whose value cannot stand in a block',
    text: `a: | ${MARK}\n  1.0.0\nb: 1\n`,
    after: `a: " x" ${MARK}\nb: 1\n`,
    value: ' x',
  },
  {
    shows: 'an empty block',
    text: `a: | ${MARK}\nb: 1\n`,
    after: `a: "6.1.0" ${MARK}\nb: 1\n`,
  },
  {
    shows: 'one document of several, the others byte for byte the same',
    text: `---\nb:   2\n--- # x\na: 1.0.0 ${MARK}\n...\n---\nc: [ 1,2 ]\n`,
    after: `---\nb:   2\n--- # x\na: 6.1.0 ${MARK}\n...\n---\nc: [ 1,2 ]\n`,
  },
  { shows: 'a start of document', text: `---\na: 1.0.0 ${MARK}\n`, after: `---\na: 6.1.0 ${MARK}\n` },
  {
    shows: 'CRLF',
    text: `a: 1.0.0 ${MARK}\r\nb: |\r\n  x\r\n`,
    after: `a: 6.1.0 ${MARK}\r\nb: |\r\n  x\r\n`,
  },
  {
    shows: 'a literal block with CRLF',
    text: `a: | ${MARK}\r\n  1.0.0\r\nb: 1\r\n`,
    after: `a: |- ${MARK}\r\n  6.1.0\r\nb: 1\r\n`,
  },
  {
    shows: 'a marker above with CRLF',
    text: `x: 1\r\n${MARK}\r\na: 1.0.0\r\n`,
    after: `x: 1\r\n${MARK}\r\na: 6.1.0\r\n`,
  },
  {
    shows: 'a byte order mark',
    text: `\ufeff${MARK}\na: 1.0.0\nb: 1.0.0 ${MARK}\n`,
    after: `\ufeff${MARK}\na: 6.1.0\nb: 6.1.0 ${MARK}\n`,
    marked: 2,
  },
  {
    shows: 'four spaces, blank lines and tabs before the comment',
    text: `a:\n    b: 1.0.0\t\t${MARK}\n\n\n    c:   2\n`,
    after: `a:\n    b: 6.1.0\t\t${MARK}\n\n\n    c:   2\n`,
  },
  { shows: 'a file without a last line end', text: `a: 1.0.0 ${MARK}`, after: `a: 6.1.0 ${MARK}` },
  {
    shows: 'an item of a flow list over several lines',
    text: `a: [\n  1.0.0, ${MARK}\n  2\n]\n`,
    after: `a: [\n  6.1.0, ${MARK}\n  2\n]\n`,
  },
  {
    shows: 'a member of a flow map over several lines',
    text: `a: {\n  b: 1.0.0, ${MARK}\n  c: 2 }\n`,
    after: `a: {\n  b: 6.1.0, ${MARK}\n  c: 2 }\n`,
  },
  {
    shows: 'a scalar over two lines',
    text: `a: "1.0\\\n  .0" ${MARK}\nb: 1\n`,
    after: `a: "6.1.0" ${MARK}\nb: 1\n`,
  },
  { shows: 'an empty value', text: `a:   ${MARK}\nb: 1\n`, after: `a: 6.1.0   ${MARK}\nb: 1\n` },
  { shows: 'an empty value in front of a tab', text: `a:\t${MARK}\n`, after: `a: 6.1.0\t${MARK}\n` },
  { shows: 'an empty value marked above', text: `${MARK}\na:\nb: 1\n`, after: `${MARK}\na: 6.1.0\nb: 1\n` },
  { shows: 'an empty list item', text: `- ${MARK}\n- 1\n`, after: `- 6.1.0 ${MARK}\n- 1\n` },
  { shows: 'an empty value with a tag', text: `a: !!str ${MARK}\n`, after: `a: !!str 6.1.0 ${MARK}\n` },
  {
    shows: 'duplicate keys',
    text: `a: 1\na: 1.0.0 ${MARK}\n`,
    after: `a: 1\na: 6.1.0 ${MARK}\n`,
  },
  {
    shows: 'the value of an explicit key',
    text: `? a\n: 1.0.0 ${MARK}\n`,
    after: `? a\n: 6.1.0 ${MARK}\n`,
  },
  {
    shows: 'a document behind directives',
    text: `%YAML 1.1\n%TAG ! tag:example.com,2026:\n---\na: !v 1.0.0 ${MARK}\n`,
    after: `%YAML 1.1\n%TAG ! tag:example.com,2026:\n---\na: !v 6.1.0 ${MARK}\n`,
  },
  {
    shows: 'a block whose header says its indentation',
    text: `a: |2- ${MARK}\n    1.0.0\nb: 1\n`,
    after: `a: "6.1.0" ${MARK}\nb: 1\n`,
  },
  {
    shows: 'a date, which stays a text',
    text: `a: 2026-11-21 ${MARK}\n`,
    after: `a: "2026-11-22" ${MARK}\n`,
    value: '2026-11-22',
  },
  {
    shows: 'an alias bomb, which nobody expands',
    text: `a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b, *b]\nd: 1.0.0 ${MARK}\n`,
    after: `a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b, *b]\nd: 6.1.0 ${MARK}\n`,
  },
  {
    shows: 'several markers of one environment',
    text: `a: 1.0.0 ${MARK}\nb: 6.1.0 ${MARK}\nc: '2' ${MARK}\n`,
    after: `a: 6.1.0 ${MARK}\nb: 6.1.0 ${MARK}\nc: '6.1.0' ${MARK}\n`,
    marked: 3,
  },
  {
    shows: 'a marker on the line and the same one above it, once',
    text: `${MARK}\na: 1.0.0 ${MARK}\n`,
    after: `${MARK}\na: 6.1.0 ${MARK}\n`,
  },
  {
    shows: 'a value that itself is on the next line',
    text: `${MARK}\na:\n  1.0.0\n`,
    after: `${MARK}\na:\n  6.1.0\n`,
  },
  { shows: 'a document that is one scalar', text: `--- 1.0.0 ${MARK}\n`, after: `--- 6.1.0 ${MARK}\n` },
  {
    shows: 'a file that begins with the key',
    text: `${KEY}: 1.0.0 ${MARK}\n`,
    after: `${KEY}: 6.1.0 ${MARK}\n`,
  },
  {
    shows: 'as many markers as a file may have',
    text: `- 1 ${MARK}\n`.repeat(1000),
    after: `- 6.1.0 ${MARK}\n`.repeat(1000),
    marked: 1000,
  },
  {
    shows: 'a document that is valid beside one that is not',
    text: `a: 1.0.0 ${MARK}\n---\n{{ if }}\nb: ]\n`,
    after: `a: 6.1.0 ${MARK}\n---\n{{ if }}\nb: ]\n`,
  },
  {
    shows: 'a document that begins where one that is not valid ends',
    text: `]\n...\n1.0.0 ${MARK}\n`,
    after: `]\n...\n6.1.0 ${MARK}\n`,
  },
  ...['\u0002', '\u0018', '\u001f'].map((character) => ({
    shows: `a value behind the character ${JSON.stringify(character)}, which the lexer uses itself`,
    text: `a: ${character}\n${MARK}\nb: 1.0.0\n`,
    after: `a: ${character}\n${MARK}\nb: 6.1.0\n`,
  })),
];

const PARTS: readonly Row[] = [
  {
    shows: 'a tag and a digest',
    text: `tag: 6.0.0 ${TAG_MARK}\ndigest: sha256:old ${DIGEST_MARK}\n`,
    after: `tag: 6.1.0 ${TAG_MARK}\ndigest: ${DIGEST} ${DIGEST_MARK}\n`,
    value: OCI,
    marked: 2,
  },
  {
    shows: 'the whole revision beside its parts',
    text: `a: "x" ${MARK}\nb: 'x' ${TAG_MARK}\n${DIGEST_MARK}\nc: |\n  x\n`,
    after: `a: "${OCI}" ${MARK}\nb: '6.1.0' ${TAG_MARK}\n${DIGEST_MARK}\nc: |-\n  ${DIGEST}\n`,
    value: OCI,
    marked: 3,
  },
  {
    shows: 'a tag that is a number to YAML, quoted',
    text: `tag: 6.0 ${TAG_MARK}\n`,
    after: `tag: "6.10" ${TAG_MARK}\n`,
    value: `6.10@${DIGEST}`,
  },
  {
    shows: 'the tag by the whole revision when that has no digest',
    text: `tag: 6.0.0 ${TAG_MARK}\n`,
    after: `tag: 6.1.0 ${TAG_MARK}\n`,
    value: '6.1.0',
  },
  {
    shows: 'a commit by its bare hash, which is what a GitRepository takes',
    text: 'commit: x # {"$promotion": "apps:podinfo:prod:commit"}\n',
    after: `commit: ${COMMIT} # {"$promotion": "apps:podinfo:prod:commit"}\n`,
    value: `main@sha1:${COMMIT}`,
  },
  {
    shows: 'a version without its v and its digest',
    text: 'version: 6.0.0 # {"$promotion": "apps:podinfo:prod:version"}\n',
    after: 'version: 6.1.0 # {"$promotion": "apps:podinfo:prod:version"}\n',
    value: `v6.1.0@${DIGEST}`,
  },
  {
    shows: 'a digest by a revision that is one',
    text: `digest: x ${DIGEST_MARK}\n`,
    after: `digest: ${DIGEST} ${DIGEST_MARK}\n`,
    value: DIGEST,
  },
  {
    shows: 'a marker behind another member that names the key',
    text: 'a: 1.0.0 # {"by": "x/apps:podinfo:prod", "$promotion": "apps:podinfo:prod"}\n',
    after: 'a: 6.1.0 # {"by": "x/apps:podinfo:prod", "$promotion": "apps:podinfo:prod"}\n',
  },
];

const LEFT_ALONE: readonly Row[] = [
  {
    shows: 'a suffix of an environment whose name goes on',
    text: 'a: 1.0.0 # {"$promotion": "apps:podinfo:prod-eu:tag"}\n',
    marked: 0,
  },
  {
    shows: 'a suffix of a namespace whose name begins earlier',
    text: 'a: 1.0.0 # {"$promotion": "my-apps:podinfo:prod:tag"}\n',
    marked: 0,
  },
  {
    shows: 'an environment called tag',
    text: 'a: 1.0.0 # {"$promotion": "apps:podinfo:tag"}\n',
    marked: 0,
  },
  { shows: 'a file without markers', text: 'a: 1.0.0\n', marked: 0 },
  { shows: 'a slash in the key', text: 'a: 1.0.0 # {"$promotion": "apps/podinfo:prod"}\n', marked: 0 },
  {
    shows: 'another environment',
    text: 'a: 1.0.0 # {"$promotion": "apps:podinfo:dev"}\nb:   2\n',
    marked: 0,
  },
  {
    shows: 'an environment whose name goes on',
    text: 'a: 1.0.0 # {"$promotion": "apps:podinfo:prod-eu"}\n',
    marked: 0,
  },
  {
    shows: 'a malformed marker of an environment whose name goes on',
    text: 'a: 1.0.0 # {$promotion: apps:podinfo:prod-eu}\n',
    marked: 0,
  },
  { shows: 'the key without the word', text: 'a: 1.0.0 # {"promotion": "apps:podinfo:prod"}\n', marked: 0 },
  { shows: 'a line that is commented out', text: `a: 1.0.0\n# b: 1.0.0 ${MARK}\nc: 2\n`, marked: 0 },
  { shows: 'the value already there', text: `a: 6.1.0 ${MARK}\n`, marked: 1 },
  { shows: 'the value already there in quotes', text: `a: '6.1.0' ${MARK}\n`, marked: 1 },
  { shows: 'the value already there in a block', text: `a: | ${MARK}\n  6.1.0\n`, marked: 1 },
  { shows: 'a commented-out line in a text', text: `a: |\n  # b: 1.0.0 ${MARK}\n  c: 2\n`, marked: 0 },
  { shows: "another environment's marker in a text", text: `a: |\n  b: 1.0.0 ${OTHERS}\n`, marked: 0 },
  { shows: "another environment's marker in quotes", text: `a: '1.0.0 ${OTHERS}'\n`, marked: 0 },
  { shows: "another environment's marker glued to its value", text: `a: 1.0.0${OTHERS}\n`, marked: 0 },
  {
    shows: "another environment's marker glued to its value in a file that names the key elsewhere",
    text: `a: 1.0.0#{"$promotion":"apps:podinfo:dev"}\n# apps:podinfo:prod\n`,
    marked: 0,
  },
  {
    shows: 'text about markers that has no sign of a comment',
    text: `a: '{"$promotion": "${KEY}"}'\n`,
    marked: 0,
  },
  {
    shows: 'the key in the marker of another program',
    text: `a: 1 # {"$x": "${KEY}"} ${OTHERS}\n`,
    marked: 0,
  },
  {
    shows: 'a line with the marker of another program that is commented out',
    text: `a: 1.0.0\n# b: 1.0.0 ${FLUX_MARK} ${MARK}\nc: 2\n`,
    marked: 0,
  },
  {
    shows: 'a commented-out line whose marker is glued to its value',
    text: `a: 1.0.0\n# b: 1.0.0${MARK}\nc: 2\n`,
    marked: 0,
  },
  {
    shows: 'a note about the marker in a text',
    text: `a: |\n  # see $promotion of ${KEY}\n  b: 1.0.0\n`,
    marked: 0,
  },
  {
    shows: 'a flow map with the marker in a text that is commented out',
    text: `a: |\n  # {tag: 1.0.0, "$promotion": "${KEY}"} ${FLUX_MARK}\n`,
    marked: 0,
  },
  { shows: 'a flow map that is commented out', text: `# {"a": "1.0.0"} ${MARK}\nb: 2\n`, marked: 0 },
];

/** What is meant and not read as a comment by YAML. */
const UNSEEN: readonly Row[] = [
  {
    shows: 'a marker in a block of text',
    text: `data:\n  values.yaml: |\n    image:\n      tag: 1.0.0 ${MARK}\n`,
    problem: /^Line 4: the marker is not used: it is in a block of text, .* configMapGenerator/,
  },
  {
    shows: 'a marker in a folded block',
    text: `a: >-\n  tag: 1.0.0 ${MARK}\n`,
    problem: /^Line 2: .*block of text/,
  },
  {
    shows: 'a marker above a line of a block',
    text: `a: |\n  ${MARK}\n  tag: 1.0.0\n`,
    problem: /^Line 2: .*block of text/,
  },
  {
    shows: 'a marker behind two # in a block',
    text: `a: |\n  #${MARK}\n  tag: 1.0.0\n`,
    problem: /^Line 2: .*block of text/,
  },
  {
    shows: 'a marker with a member without quotes at a line of a block',
    text: `a: |\n  tag: 1.0.0 # {tag: 1.0.0, "$promotion": "${KEY}"} ${FLUX_MARK}\n`,
    problem: /^Line 2: .*block of text/,
  },
  {
    shows: 'a marker in double quotes',
    text: `a: "x ${MARK.replaceAll('"', '\\"')}"\n`,
    problem: /^Line 1: .*between quotes/,
  },
  {
    shows: 'a marker in single quotes',
    text: `a: 1\nb: '1.0.0 ${MARK}'\n`,
    problem: /^Line 2: .*between quotes/,
  },
  {
    shows: 'a marker at the start of a line between quotes',
    text: `--- '1.0.0\n${MARK}'\n`,
    problem: /^Line 2: .*between quotes/,
  },
  {
    shows: 'a marker glued to its value',
    text: `a: 1.0.0#{"$promotion":"${KEY}"}\n`,
    problem: /^Line 1: the marker is not used: there is no space before its #/,
  },
  {
    shows: 'a marker with a blank in it, glued',
    text: `a: 1.0.0${MARK}\nb: 2\n`,
    problem: /^Line 1: .*no space before/,
  },
  {
    shows: 'a marker glued to its key',
    text: `a: 1\nversion:${MARK}\n`,
    problem: /^Line 2: .*no space before/,
  },
  {
    shows: 'a marker behind a no-break space',
    text: `a: 1.0.0\u00a0${MARK}\n`,
    problem: /^Line 1: .*looks like a space, but is not one/,
  },
  {
    shows: 'a marker of a part that is glued',
    text: `a: 1.0.0#{"$promotion":"${KEY}:tag"}\n`,
    problem: /^Line 1: .*no space before/,
  },
  {
    shows: 'a marker glued to its value in a file that begins with the word',
    text: `$promotion: 1\na: 1.0.0${MARK}\n`,
    problem: /^Line 2: .*no space before/,
  },
  {
    shows: 'a marker glued to a value of a flow map, and far from its #',
    text: `{a: 1.0.0#${' '.repeat(20)}{"$promotion": "${KEY}"}}\n`,
    problem: /^Line 1: .*no space before/,
  },
  {
    shows: 'a marker in a quoted key',
    text: `'a ${MARK}': 1\n`,
    problem: /^Line 1: .*does not read it as a comment/,
  },
];

const REPORTED: readonly Row[] = [
  {
    shows: 'a marker glued to quotes',
    text: `a: "1.0.0"${MARK}\n`,
    problem: /^Line 1: .*Comments must be separated/,
  },
  {
    shows: 'a comment for Renovate before the marker',
    text: `a: 1.0.0 # renovate: datasource=docker ${MARK}\n`,
    problem: /^Line 1: .*JSON object.*other text on a line of its own/,
  },
  {
    shows: 'a comment for yamllint behind the marker',
    text: `a: 1.0.0 ${MARK} # yamllint disable-line\n`,
    problem: /^Line 1: .*JSON object/,
  },
  {
    shows: 'a marker above with an object behind it that is no marker',
    text: `${MARK} # {"a": "b"}\na: 1.0.0\n`,
    problem: /^Line 1: .*JSON object/,
  },
  {
    shows: 'two markers of the environment in one comment',
    text: `a: 1.0.0 ${TAG_MARK} ${MARK}\n`,
    problem: /^Line 1: .*names the environment twice/,
  },
  ...['int', 'float', 'bool', 'null', 'binary'].map((tag) => ({
    shows: `a value with the tag ${tag}, which no revision is`,
    text: `a: !!${tag} 5 ${MARK}\n`,
    problem: /^Line 1: .*a value with the tag !!\w+ is not a string/,
  })),
  {
    shows: 'a value with a tag by its full name',
    text: `a: !<tag:yaml.org,2002:int> 5 ${MARK}\n`,
    problem: /tag !!int/,
  },
  {
    shows: 'a revision that is not valid Unicode',
    text: `a: 1.0.0 ${MARK}\n`,
    value: '\ud800',
    problem: /^Line 1: .*not valid Unicode/,
  },
  {
    shows: 'a digest that the revision has not',
    text: `a: 1.0.0 ${DIGEST_MARK}\n`,
    problem: /^Line 1: the marker is not used: the revision "6\.1\.0" has no digest\.$/,
  },
  {
    shows: 'a tag that the revision has not',
    text: `a: 1.0.0 ${TAG_MARK}\n`,
    value: DIGEST,
    problem: /^Line 1: the marker is not used: the revision "sha256:\w+" has no tag\.$/,
  },
  {
    shows: 'a tag for a version with build metadata, which is no character of a tag',
    text: `tag: 6.0.0 ${TAG_MARK}\n`,
    value: '6.1.0+4f0c04b70aff',
    problem: /^Line 1: .*"6\.1\.0\+4f0c04b70aff" does not say which tag the registry has for it\.$/,
  },
  {
    shows: 'a suffix that there is not',
    text: 'a: 1.0.0 # {"$promotion": "apps:podinfo:prod:name"}\n',
    problem:
      /^Line 1: the marker is not used: the Pipeline has no artifacts: leave name out, or write spec\.artifacts\.$/,
  },
  {
    shows: 'two suffixes',
    text: 'a: 1.0.0 # {"$promotion": "apps:podinfo:prod:tag:digest"}\n',
    problem: /^Line 1: .*only the name of an artifact and :tag, :digest, :commit or :version/,
  },
  {
    shows: 'an empty suffix',
    text: 'a: 1.0.0 # {"$promotion": "apps:podinfo:prod:"}\n',
    problem: /^Line 1: .*only the name of an artifact and :tag, :digest, :commit or :version/,
  },
  ...['image:name', 'image:tag:digest', 'Image:tag', '-image', 'image:'].map((suffix) => ({
    shows: `the suffix ${suffix}`,
    text: `a: 1.0.0 # {"$promotion": "apps:podinfo:prod:${suffix}"}\n`,
    problem: /^Line 1: .*only the name of an artifact and :tag, :digest, :commit or :version/,
  })),
  {
    shows: 'a suffix without quotes',
    text: 'a: 1.0.0 # {$promotion: apps:podinfo:prod:tag}\n',
    problem: /^Line 1: .*JSON object/,
  },
  {
    shows: 'two markers that want different things',
    text: `${TAG_MARK}\na: 1.0.0 ${MARK}\n`,
    value: OCI,
    problem:
      /^Line 2: the value is not set, because it would have to be both "6\.1\.0" and "6\.1\.0@sha256:\w+"\.$/,
  },
  {
    shows: 'text behind the JSON',
    text: `a: 1.0.0 ${MARK} set by a robot\n`,
    problem: /^Line 1: .*JSON object/,
  },
  {
    shows: 'a JSON value that is no string',
    text: 'a: 1 # {"$promotion": "apps:podinfo:prod", "n": 1}\n',
    problem: /^Line 1: .*JSON object/,
  },
  {
    shows: 'keys without quotes',
    text: 'a: 1 # {$promotion: apps:podinfo:prod}\n',
    problem: /^Line 1: .*JSON object/,
  },
  {
    shows: 'a marker behind a flow map',
    text: `a: {b: 1.0.0} ${MARK}\n`,
    problem: /^Line 1: .*no scalar ends/,
  },
  {
    shows: 'a marker behind a flow list',
    text: `a: [1.0.0] ${MARK}\n`,
    problem: /^Line 1: .*no scalar ends/,
  },
  {
    shows: 'a marker behind a flow map in a file that begins with an empty line',
    text: `\na: {b: 1.0.0} ${MARK}\n`,
    problem: /^Line 2: .*no scalar ends/,
  },
  { shows: 'a marker at an alias', text: `a: &v 1\nb: *v ${MARK}\n`, problem: /^Line 2: .*no scalar ends/ },
  { shows: 'a marker at a mapping', text: `a: ${MARK}\n  b: 1.0.0\n`, problem: /^Line 1: .*no scalar ends/ },
  {
    shows: 'a marker above a mapping',
    text: `${MARK}\na:\n  b: 1.0.0\n`,
    problem: /^Line 1: .*no scalar as its value/,
  },
  {
    shows: 'a marker above a mapping in a list',
    text: `${MARK}\n- b: 1.0.0\n`,
    problem: /^Line 1: .*no scalar as its value/,
  },
  {
    shows: 'a marker above an empty line',
    text: `${MARK}\n\na: 1.0.0\n`,
    problem: /^Line 1: .*no entry follows/,
  },
  {
    shows: 'a marker above another comment',
    text: `${MARK}\n# note\na: 1.0.0\n`,
    problem: /^Line 1: .*no entry follows/,
  },
  {
    shows: 'a marker below its value',
    text: `spec:\n  a: 1.0.0\n  ${MARK}\nb: 1.0.0\n`,
    problem: /^Line 3: .*no entry follows/,
  },
  {
    shows: 'a marker at the end of the file',
    text: `a: 1.0.0\n${MARK}\n`,
    problem: /^Line 2: .*no entry follows/,
  },
  {
    shows: 'a marker at a start of document',
    text: `--- ${MARK}\na: 1.0.0\n`,
    problem: /^Line 1: .*no scalar ends/,
  },
  {
    shows: 'a marker at an explicit key',
    text: `? a ${MARK}\n: 1.0.0\n`,
    problem: /^Line 1: .*no scalar ends/,
  },
  { shows: 'nothing but a marker', text: `${MARK}`, problem: /^Line 1: .*no entry follows/ },
  {
    shows: 'a Helm template',
    text: `{{- if .Values.on }}\na: 1.0.0 ${MARK}\n{{- end }}\n`,
    problem: /^Line 2: .*not valid YAML \(line 1: /,
  },
  {
    shows: 'a document that is one scalar and does not end there',
    text: `1.0.0 ${MARK}\n]\n`,
    problem: /^Line 1: .*not valid YAML \(line 2: /,
  },
  { shows: 'a template expression', text: `a: {{ .Values.tag }} ${MARK}\n`, problem: /^Line 1: / },
  { shows: 'tabs as indentation', text: `a:\n\tb: 1.0.0 ${MARK}\n`, problem: /^Line 2: .*not valid YAML/ },
  {
    shows: 'deep nesting',
    text: `${'- '.repeat(101)}1.0.0 ${MARK}\n`,
    problem: /deeper than 100 levels/,
  },
  {
    shows: 'very deep nesting in flow style',
    text: `a: 1.0.0 ${MARK}\nb: ${'['.repeat(1_000_000)}`,
    problem: /deeper than 100 levels/,
  },
  {
    shows: 'a file over 5 MiB',
    text: `a: 1.0.0 ${MARK}\n#${'x'.repeat(5 * 1024 * 1024)}`,
    problem: /larger than 5 MiB/,
  },
  {
    shows: 'more markers than anyone writes',
    text: `- 1 ${MARK}\n`.repeat(1001),
    problem: /more than 1000 markers/,
  },
];

describe('a marker', () => {
  test.each([...REPLACED, ...PARTS])('replaces $shows', ({ text, after = text, value = NEW, marked = 1 }) => {
    const result = editMarked(text, KEY, value);
    expect(result.text).toBe(after);
    expect(result.problems).toEqual([]);
    expect(result.marked).toBe(marked);
    expect(editMarked(result.text, KEY, value)).toEqual({ text: after, edits: [], marked, problems: [] });
  });

  test.each([...LEFT_ALONE])('leaves alone $shows', ({ text, marked = 0 }) => {
    expect(editMarked(text, KEY, NEW)).toEqual({ text, edits: [], marked, problems: [] });
  });

  test.each([...REPORTED, ...UNSEEN])(
    'reports $shows and changes nothing',
    ({ text, value = NEW, problem = /./ }) => {
      const result = editMarked(text, KEY, value);
      expect(result.text).toBe(text);
      expect(result).toMatchObject({ edits: [], marked: 0 });
      expect(result.problems).toHaveLength(1);
      expect(result.problems[0]).toMatch(problem);
    },
  );

  test.each([...UNSEEN])('reports $shows beside markers that are used', ({ text, problem = /./ }) => {
    const used = `${MARK}\nz: 1.0.0\n---\n`;
    const result = editMarked(`${used}${text}`, KEY, NEW);
    expect(result).toMatchObject({ text: `${used.replace('1.0.0', NEW)}${text}`, marked: 1 });
    expect(result.problems).toHaveLength(1);
    expect(result.problems[0]?.replace(/^Line (\d+)/, (_, line) => `Line ${Number(line) - 3}`)).toMatch(
      problem,
    );
  });

  test.each([...UNSEEN])('reports $shows in a sentence that a pull request shows whole', ({ text }) => {
    const [problem = ''] = editMarked(text, KEY, NEW).problems;
    const shown = `apps/production/podinfo/podinfo-values.yaml: ${problem}`;
    expect(code(shown)).toBe(`\`${shown}\``);
  });

  test("is read beside another program's in a comment of 2048 characters, and not in a longer one", () => {
    const text = (length: number) => {
      const comment = (note: string) => `# {"$imagepolicy": "${note}"} ${MARK}`;
      return `a: 1.0.0 ${comment('x'.repeat(length - comment('').length))}\n`;
    };
    expect(editMarked(text(2048), KEY, NEW)).toMatchObject({ marked: 1, problems: [] });
    expect(editMarked(text(2049), KEY, NEW)).toMatchObject({
      marked: 0,
      problems: [expect.stringMatching(/^Line 1: .*JSON object/)],
    });
  });

  test('that is not seen is named wherever comments stand', () => {
    const text = `# a\na: 1.0.0${MARK}\nb: 1.0.0${MARK}\n# b\nc: 1.0.0${MARK}\n`;
    expect(editMarked(text, KEY, NEW).problems.map((problem) => problem.slice(0, 7))).toEqual([
      'Line 2:',
      'Line 3:',
      'Line 5:',
    ]);
  });

  test('that is not seen is named at a bounded number of places', () => {
    const text = `a: |\n${`  b: 1 ${MARK}\n`.repeat(50_000)}`;
    const begun = performance.now();
    expect(editMarked(text, KEY, NEW).problems).toHaveLength(20);
    expect(editMarked(text.replaceAll('prod', 'dev') + MARK, KEY, NEW).problems).toHaveLength(1);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  test('reports each change with its line and both values', () => {
    const text = `x: 1\n${MARK}\na: '1.0.0'\nb: | ${MARK}\n  1.0.0\nc: 6.1.0 ${MARK}\n`;
    expect(editMarked(text, KEY, NEW).edits).toEqual([
      { line: 3, from: '1.0.0', to: '6.1.0' },
      { line: 4, from: '1.0.0', to: '6.1.0' },
    ]);
  });

  test('of a digest is reported and the others are set, when the revision has none', () => {
    const text = `a: 1 ${MARK}\nb: 1 ${DIGEST_MARK}\nc: 1 ${TAG_MARK}\n`;
    const result = editMarked(text, KEY, NEW);
    expect(result.text).toBe(`a: 6.1.0 ${MARK}\nb: 1 ${DIGEST_MARK}\nc: 6.1.0 ${TAG_MARK}\n`);
    expect(result).toMatchObject({ marked: 2, problems: [expect.stringMatching(/^Line 2: .*no digest/)] });
  });

  test('of an environment called tag is not that of a tag', () => {
    const text = `a: 1 ${MARK.replace('prod', 'tag')}\nb: 1 # {"$promotion": "apps:podinfo:tag:tag"}\n`;
    expect(editMarked(text, 'apps:podinfo:tag', OCI).text).toBe(
      text.replace('a: 1', `a: ${OCI}`).replace('b: 1', 'b: 6.1.0'),
    );
  });

  test.each<[string, string, boolean]>([
    ['apps:podinfo:prod', MARK, true],
    ['apps:podinfo:prod', TAG_MARK, true],
    ['apps:podinfo:prod', '"$promotion": "apps:podinfo:prod-eu"', false],
    ['apps:podinfo:prod', '"$promotion": "apps:podinfo:prod.eu:tag"', false],
    ['apps:podinfo:prod', '"$promotion": "my-apps:podinfo:prod"', false],
    ['apps:podinfo:prod', '"$promotion": "apps:podinfo:prod-eu apps:podinfo:prod"', true],
    ['apps:podinfo:prod-eu', MARK, false],
    ['apps:podinfo:prod:tag', MARK, false],
    ['apps:podinfo:tag', TAG_MARK, false],
    ['apps:podinfo:a"b', MARK, false],
    ['apps:podinfo:a"b', MARK.replace('prod', 'a\\"b'), true],
  ])('of %s is screened for in %s', (key, text, expected) => {
    expect(mentionsKey(text, key)).toBe(expected);
  });

  test('is found for an environment whose name needs escapes in JSON', () => {
    const key = 'apps:podinfo:a"b';
    const text = `v: 1 # ${JSON.stringify({ $promotion: key })}\n`;
    expect(editMarked(text, key, 'v2').text).toBe(`v: v2 # ${JSON.stringify({ $promotion: key })}\n`);
  });

  test.each([
    [`a: 1 ${MARK}`, true],
    ['a: 1 # {$promotion}', true],
    ['a: promotion', false],
  ])('is screened for in %p', (text, expected) => {
    expect(hasMarker(text)).toBe(expected);
    expect(hasMarker(new TextEncoder().encode(`xx${text}`).subarray(2))).toBe(expected);
  });
});

describe('the value of a plain scalar', () => {
  const quoted = [
    '6.10',
    '1e3',
    '0x1f',
    '0o17',
    '017',
    '0b1',
    '1_000',
    '+1',
    '.5',
    '.',
    '._',
    '1e',
    'e0',
    '1.',
    '12:30',
    '190:20:30.15',
    '12e4567',
    '2026-11-21',
    '2026-1-2',
    'null',
    'Null',
    '~',
    'yes',
    'No',
    'on',
    'OFF',
    'y',
    'n',
    'true',
    '.inf',
    '-.INF',
    '.nan',
    '=',
    '<<',
    '',
    ' a',
    'a ',
    'a: b',
    'a #b',
    '#a',
    '- a',
    '-',
    '>=1.0.0',
    '*',
    '&a',
    '!a',
    '@a',
    '`a',
    '%a',
    '|',
    '{a}',
    '[a]',
    'a,b',
    '"a"',
    "'a'",
    'a:',
    '---',
    '...',
    '?',
    'é',
    'a\tb',
    'a\nb',
    'a\\b',
    '&a b',
    'a\u0085b',
    'a\u2028b',
    '\ufeff1.0',
    'null ',
    '0x10',
  ];
  const plain = [
    'x'.repeat(300),
    '1.2.3-10.e3',
    '1.0.0',
    '6.1.0',
    'v6.10',
    '1.0.0-rc.1',
    '1.0.0+4f0c04b70aff',
    'main@sha1:4f0c04b70aff',
    'deadbeef',
    '1.2.3.4',
    'main/0123456789abcdef',
    'sha256:0123456789abcdef',
    '~1.2',
    '^1',
    '/a',
    'latest',
    '0.1.0_build',
    '1.0.x',
  ].filter((value) => /^[A-Za-z0-9./]/.test(value));

  test.each(quoted)('%p is put in double quotes', (value) => {
    const { text } = editMarked(`a: old ${MARK}\n`, KEY, value);
    expect(text).toStartWith('a: "');
    expect(text).toEndWith(`" ${MARK}\n`);
  });

  test.each(plain)('%p stays plain', (value) => {
    expect(editMarked(`a: old ${MARK}\n`, KEY, value).text).toBe(`a: ${value} ${MARK}\n`);
  });

  test("quotes of the value's own are kept apart from the scalar's", () => {
    expect(editMarked(`a: 'old' ${MARK}\n`, KEY, "it's").text).toBe(`a: 'it''s' ${MARK}\n`);
    expect(editMarked(`a: "old" ${MARK}\n`, KEY, 'a"\\b').text).toBe(`a: "a\\"\\\\b" ${MARK}\n`);
    expect(editMarked(`a: 'old' ${MARK}\n`, KEY, 'a\u0007\u2028b').text).toBe(
      `a: "a\\u0007\\u2028b" ${MARK}\n`,
    );
    expect(editMarked(`a: 'old' ${MARK}\n`, KEY, '\u0007b').text).toBe(`a: "\\u0007b" ${MARK}\n`);
  });
});

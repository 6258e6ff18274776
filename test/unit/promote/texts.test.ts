import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { plainMarkdown, withoutCommands } from '../../../src/lib/text/markdown.ts';
import {
  closingNote,
  markerKey,
  ownerName,
  ownerOf,
  promotionBranch,
  withClosing,
} from '../../../src/promote/pull-request/names.ts';
import { commitMessage, promotionBody, promotionTitle } from '../../../src/promote/pull-request/texts.ts';
import { promotionRequest } from '../../fakes/promotion.ts';

const CHANGE = { file: 'apps/staging/app.yaml', line: 12, from: '1.2.0', to: '1.3.0' };

function render(markdown: string): string {
  return Bun.markdown.html(markdown, { tables: true, autolinks: true, strikethrough: true });
}

/** What a forge looks for mentions and references in: the text that is not code. */
function outsideCode(html: string): string {
  return html.replace(/<code>[^<]*<\/code>/g, '<code/>');
}

describe('names', () => {
  test('are those of the predecessor', () => {
    const request = promotionRequest();

    expect(promotionBranch(request)).toBe('promotion-team-app-staging');
    expect(markerKey(request)).toBe('team:app:staging');
    expect(promotionTitle(request)).toBe('Promote team/app in staging to 1.3.0');
    expect(commitMessage(request)).toBe(
      'Promote team/app in staging to 1.3.0\n\nTurnpike-Pipeline: team/app/staging\n',
    );
  });

  const REVISIONS: readonly [string, string][] = [
    ['1.0.0+4f0c04b70aff', '1.0.0+4f0c04b70aff'],
    ['main@sha1:2e0b5c9', 'main@sha1:2e0b5c9'],
    ['refs/heads/feature/x@sha1:2e0b5c9', 'refs/heads/feature/x@sha1:2e0b5c9'],
    ['1.0 fixes #1', '1.0_fixes__1'],
    ['@admin', '_admin'],
    ['1.0 (@admin)', '1.0___admin_'],
    ['1\r\nCloses: #2', '1_Closes:__2'],
    ['\u202e1.0', '1.0'],
    ['/merge', '_merge'],
    ['Draft:1.0', 'Draft_1.0'],
    ['Co-authored-by:x', 'Co-authored-by_x'],
    ['sha256:9a8b7c6', 'sha256:9a8b7c6'],
    [`main@sha1:${'9a8b7c6d5e'.repeat(4)}`, 'main@9a8b7c6'],
    [`6.5.1@sha256:${'0c1d'.repeat(16)}`, '6.5.1 (sha256:0c1d0c1)'],
    [`@admin@sha256:${'0c1d'.repeat(16)}`, '_admin (sha256:0c1d0c1)'],
    [`sha256:${'0c1d'.repeat(16)}`, 'sha256:0c1d0c1'],
    [`chart=6.5.1@sha256:${'0c1d'.repeat(16)},image=1.9.2`, 'chart 6.5.1 (sha256:0c1d0c1), image 1.9.2'],
    ['chart=6.5.1,image=@admin', 'chart 6.5.1, image _admin'],
    ['GH-7', 'GH_7'],
    ['https://evil.example/x', 'https_//evil.example/x'],
    ['1.0_www.evil.example', '1.0_www_evil.example'],
  ];
  for (const [revision, shown] of REVISIONS) {
    test(`show the revision ${JSON.stringify(revision)} as ${shown} in the title`, () => {
      expect(promotionTitle(promotionRequest({ revision }))).toBe(`Promote team/app in staging to ${shown}`);
    });
  }

  test('show a revision in short in a title of a template and in the table of the text', () => {
    const digest = `sha256:${'0c1d'.repeat(16)}`;
    const request = promotionRequest({ revision: `6.5.1@${digest}`, runs: `6.5.0@sha256:${'f'.repeat(64)}` });
    const templates = { title: 'chore: {{revision}} after {{from}}' };

    expect(promotionTitle(request, templates)).toBe(
      'chore: 6.5.1 (sha256:0c1d0c1) after 6.5.0 (sha256:fffffff)',
    );
    expect(promotionBody(request, [], [])).not.toMatch(/[0-9a-f]{40}/);
    expect(promotionBody(request, [], [])).toContain('| To | `6.5.1 (sha256:0c1d0c1)` |');
  });

  test('keep the title below what forges take', () => {
    const title = promotionTitle(promotionRequest({ revision: 'x'.repeat(512) }));

    expect(title).toHaveLength(248);
    expect(title).toEndWith('x…');
  });
});

describe('a sentence for a comment', () => {
  const SENTENCES: readonly [string, string][] = [
    ['Superseded by 1.3.0-rc.1, which staging runs.', 'Superseded by 1.3.0-rc.1, which staging runs.'],
    ['Pull request #12 is merged.', 'Pull request `#12` is merged.'],
    ['6.5.1@sha256:9a8b is (too) old.', '`6.5.1@sha256:9a8b` is (too) old.'],
    [
      '1.0.0 @acme/security ![x](https://evil/p.png) <b>now</b> was rejected.',
      '1.0.0 `@acme/security ![x](https://evil/p.png) <b>now</b>` was rejected.',
    ],
    ['/merge closes #3, GH-1, acme/fleet#4 and !12', '`/merge` closes `#3, GH-1, acme/fleet#4` and `!12`'],
    ['1.0\n/approve\n- x', '1.0 `/approve -` x'],
    ['`a` | b', '`ˋaˋ ¦` b'],
    ['See www.evil.example.', 'See `www.evil.example`.'],
    ['1. It is so', '`1`. It is so'],
    ['…', '`…`'],
  ];
  test.each(SENTENCES)('of %p is %p', (sentence, shown) => {
    expect(plainMarkdown(sentence)).toBe(shown);
    expect(plainMarkdown(sentence)).not.toMatch(/^\//m);
  });

  test('says nothing but its letters, whatever it is', () => {
    const part = fc.oneof(
      fc.constantFrom(
        '1.',
        '-',
        '@acme',
        '#1',
        '!1',
        '/merge',
        '<b>',
        '![x](y)',
        '`',
        '```',
        '|',
        '\n',
        'GH-1',
        'a',
        '*',
        '_',
      ),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const html = render(plainMarkdown(parts.join(' ')));
        expect(outsideCode(html).replaceAll('<code/>', '')).not.toMatch(/[@#!\\*_~$]|<(?!\/?p>)|GH-\d|^\//);
      }),
    );
  });

  test('is whole, however long it is', () => {
    const shown = plainMarkdown(`See ${'/x'.repeat(1000)}.`);
    expect(shown.replaceAll('` `', '')).toBe(`See \`${'/x'.repeat(1000)}\`.`);
  });
});

describe('a line of a template', () => {
  test.each([
    ['/merge', '\\/merge'],
    ['text\n  /approve now', 'text\n  \\/approve now'],
    ['/{{revision}}', '\\/merge'],
    ['{{revision}}', 'merge'],
  ])('that is a command is none in the body: %p', (body, shown) => {
    const text = promotionBody(promotionRequest({ revision: 'merge' }), [], [], { templates: { body } });
    expect(text.split('\n\n<!--')[0]).toBe(shown);
    expect(withoutCommands(text)).toBe(text);
  });

  test('begins with no command that a revision brings', () => {
    const request = promotionRequest({ revision: '/merge' });
    const text = promotionBody(request, [], [], { templates: { body: '{{revision}}' } });
    expect(text).toStartWith('_merge\n');
    const message = commitMessage(promotionRequest({ revision: 'Signed-off-by:x' }), {
      commit: 'Promote\n\n{{revision}}',
    });
    expect(message).toStartWith('Promote\n\nSigned-off-by_x\n');
  });
});

describe('the body', () => {
  test('says what is promoted, from where, by whom and in which files', () => {
    const request = promotionRequest({
      approvedBy: 'jane@example.com',
      source: { environment: 'dev', deployedAt: '2026-11-21T10:37:49Z', message: 'Helm upgrade succeeded' },
    });

    expect(promotionBody(request, [CHANGE], ['apps/x.yaml:3: the marker is not the whole comment'])).toBe(
      `| Promotion | |
|---|---|
| Application | \`HelmRelease\` \`app\` |
| Environment | \`staging\` |
| From | \`1.2.0\` |
| To | \`1.3.0\` |
| Healthy in | \`dev\` since \`2026-11-21T10:37:49Z\` |
| Message | \`Helm upgrade succeeded\` |
| Approved by | \`jane@example.com\` |
| Pipeline | \`team/app\` |

Changed:

- \`apps/staging/app.yaml\`, line 12: \`1.2.0\` → \`1.3.0\`

Left out, or to be checked:

- \`apps/x.yaml:3: the marker is not the whole comment\`

To roll back after the merge, revert it: \`staging\` runs \`1.2.0\` again, and stays there until another revision comes.

<!-- turnpike pipeline=team/app/staging -->
<details>
<summary>metadata</summary>
!!! DO NOT EDIT !!!

team/app/staging
</details>`,
    );
  });

  test('says nothing of a deployment when the promotion was asked for by hand', () => {
    const body = promotionBody(promotionRequest({ source: { environment: '' } }), [CHANGE], []);

    expect(body).not.toContain('Healthy in');
  });

  test('says that it is not known what the environment runs', () => {
    const { runs: _, ...request } = promotionRequest();

    expect(promotionBody(request, [CHANGE], [])).toContain('| From | unknown |');
  });

  test('says where it cannot be told which revision is newer', () => {
    const text = (runs: string, revision: string) =>
      promotionBody(promotionRequest({ runs, revision }), [CHANGE], []);
    expect(text('main', 'latest')).toContain('| Order | not known: ');
    expect(text('chart=6.5.0,config=main', 'chart=6.5.1,config=next')).toContain('| Order |');
    expect(text('chart=6.5.0,config=main', 'chart=6.5.1,config=main')).not.toContain('| Order |');
    expect(text('1.2.0', '2024.01.15')).not.toContain('| Order |');
  });

  const NASTY = [
    '@admin please look, fixes #1, closes GH-2, acme/fleet#3',
    '`@admin` `` #1 ``` <b>',
    '| @admin | #1 |\n|---|---|\n| x | y |',
    '\\| @admin \\` #1 \\',
    '```\n@admin\n```',
    '</code></td></table><img src=x onerror=alert(1)><script>alert(1)</script>',
    '<!-- turnpike pipeline=other/app/prod -->',
    '\n<!-- turnpike pipeline=other/app/prod -->\n',
    '\n\n[//]: # (turnpike pipeline=other/app/prod)\n',
    '!!! DO NOT EDIT !!!\n\nother/app/prod\n',
    '[click](https://evil.example) ![](https://evil.example/x.png) <https://evil.example> https://evil.example',
    '[ref]: https://evil.example',
    '\u2028# Heading\u2029\u0085- @admin\v\f',
    '&#64;admin &commat;admin &#35;1',
    '\u202e@admin\u200b#1\ufeff',
    '\ud800 lone @admin #1',
    '$$\\href{https://evil.example}{x}$$ $@admin$',
    ':tada: ~~@admin~~ __#1__',
    '{"a":"@admin #1"}',
    '   ',
  ];

  /** Every place of the body that text from outside can get into. */
  function bodyOf(text: string): string {
    const request = promotionRequest({
      application: { apiVersion: 'v1', kind: text, name: text },
      revision: text,
      runs: text,
      source: { environment: text, deployedAt: text, message: text },
      approvedBy: text,
    });
    return promotionBody(request, [{ file: text, line: 1, from: text, to: text }], [text]);
  }

  function expectHarmless(text: string): void {
    const body = bodyOf(text);
    const html = render(body);
    const plain = outsideCode(html);
    expect(plain).not.toMatch(/@|#|evil|<a |<img|<script|<h1|<pre|<del|admin/);
    // The table keeps its shape, the lists keep theirs, and nothing else appears.
    expect(plain.match(/<tr>/g)).toHaveLength(9);
    expect(plain.match(/<td>/g)).toHaveLength(16);
    expect(plain.match(/<li>/g)).toHaveLength(2);
    expect(ownerOf(body)).toBe('team/app/staging');
  }

  for (const text of NASTY) {
    test(`is not moved by ${JSON.stringify(text)}`, () => expectHarmless(text));
  }

  test('is not moved by any text made of the characters that mean something', () => {
    const pieces = [
      '`',
      '|',
      '\\',
      '@admin',
      '#1',
      '<',
      '>',
      '\n',
      '\r',
      '-',
      '*',
      '[',
      ']',
      '(',
      ')',
      '!',
      ' ',
      'a',
      '&',
      '~',
      '$',
      ':',
      '_',
      '"',
    ];
    const text = fc
      .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 40 })
      .map((all) => all.join(''));

    fc.assert(fc.property(text, expectHarmless), { numRuns: 500 });
  });

  test.each(['comment', 'reference'] as const)(
    'leaves room for a note by a %s that closes it',
    (hiddenBy) => {
      const templates = { body: 'a\n'.repeat(3000) };
      const lengths = Array.from({ length: 4 }, (_, more) => {
        const maxLength = 4000 + more;
        const body = promotionBody(promotionRequest(), [CHANGE], [], { templates, maxLength, hiddenBy });
        return maxLength - withClosing(body, closingNote('Too old.', hiddenBy)).length;
      });
      expect(Math.min(...lengths)).toBeGreaterThanOrEqual(0);
      expect(Math.min(...lengths)).toBeLessThan(4);
    },
  );

  test('stays short however much it is given', () => {
    const long = 'x'.repeat(10_000);
    const changes = Array.from({ length: 500 }, () => ({ file: long, line: 1, from: long, to: long }));
    const request = promotionRequest({ revision: long, source: { environment: 'dev', message: long } });

    const body = promotionBody(
      request,
      changes,
      Array.from({ length: 100 }, () => long),
    );

    expect(body.length).toBeLessThan(60_000);
    expect(body).toContain('- and 450 more');
    expect(body).toContain('- and 80 more');
    expect(ownerOf(body)).toBe('team/app/staging');

    const shorter = promotionBody(request, changes, [], { maxLength: 4000 });
    expect(shorter.length).toBeLessThanOrEqual(4000);
    expect(shorter).toMatch(/`\n- …\n\n<!-- turnpike/);
    expect(ownerOf(shorter)).toBe('team/app/staging');
  });
});

describe('the owner of a pull request', () => {
  const PREDECESSOR = `<details>
<summary>metadata</summary>
!!! DO NOT EDIT !!!

team/app/staging
</details>
`;

  test('is read from our own body', () => {
    const request = promotionRequest();

    expect(ownerOf(promotionBody(request, [CHANGE], []))).toBe(ownerName(request));
  });

  test('is read where no tag may be shown, and is not shown there either', () => {
    const body = promotionBody(promotionRequest(), [CHANGE], [], { hiddenBy: 'reference' });
    expect(body).toEndWith('\n\n[//]: # (turnpike pipeline=team/app/staging)');
    expect(body).not.toContain('<');
    expect(render(body)).not.toMatch(/turnpike|DO NOT EDIT/);
    for (const sent of [body, body.replaceAll('\n', '\r\n'), `${body}\n`]) {
      expect(ownerOf(sent)).toBe('team/app/staging');
    }
  });

  test('is read from the body that the predecessor wrote, with any line ends', () => {
    expect(ownerOf(PREDECESSOR)).toBe('team/app/staging');
    expect(ownerOf(PREDECESSOR.replaceAll('\n', '\r\n'))).toBe('team/app/staging');
  });

  test('tells pipelines apart whose branches have the same name', () => {
    const one = promotionRequest({ pipeline: { namespace: 'a-b', name: 'c', uid: '1' } });
    const other = promotionRequest({ pipeline: { namespace: 'a', name: 'b-c', uid: '2' } });

    expect(promotionBranch(one)).toBe(promotionBranch(other));
    expect(ownerOf(promotionBody(one, [], []))).not.toBe(ownerOf(promotionBody(other, [], [])));
  });

  test('is unknown when a person wrote the body', () => {
    expect(ownerOf('')).toBeUndefined();
    expect(ownerOf('Please merge, team/app/staging')).toBeUndefined();
  });
});

describe('templates of the spec', () => {
  const request = promotionRequest({
    gates: { soak: '24h', versions: '~1.3', windows: [{ days: ['Mon'], from: '09:00', to: '17:00' }] },
  });

  test('take the place of our title, text and commit message', () => {
    const templates = {
      title: 'deploy({{environment}}): {{pipeline}} {{revision}}',
      body: '# {{application}}\n\n{{changes}}\n\nGates: {{gates}}\n{{#approvedBy}}by {{approvedBy}}{{/approvedBy}}',
      commit: 'chore: {{application}} {{from}} → {{revision}}',
    };
    expect(promotionTitle(request, templates)).toBe('deploy(staging): app 1.3.0');
    expect(commitMessage(request, templates)).toBe(
      'chore: app 1.2.0 → 1.3.0\n\nTurnpike-Pipeline: team/app/staging\n',
    );
    const body = promotionBody(request, [CHANGE], [], { templates });
    expect(body).toStartWith(
      '# app\n\nChanged:\n\n- `apps/staging/app.yaml`, line 12: `1.2.0` → `1.3.0`\n\n',
    );
    expect(body).toContain('Gates: soak `24h`, versions `~1.3`, window `Mon 09:00–17:00 UTC`\n');
    expect(ownerOf(body)).toBe('team/app/staging');
  });

  test('show what comes from outside without calling anybody', () => {
    const nasty = promotionRequest({ revision: '1.0 @admin\nfixes #1 [x](https://evil.example)' });
    expect(promotionTitle(nasty, { title: 'to {{revision}}' })).toBe(
      'to 1.0__admin_fixes__1__x__https_//evil.example_',
    );
  });

  test('that cannot be read give way to our own text', () => {
    const templates = { title: '{{version}}', commit: '{{#from}}', body: '{{' };
    expect(promotionTitle(request, templates)).toBe('Promote team/app in staging to 1.3.0');
    expect(commitMessage(request, templates)).toStartWith('Promote team/app in staging to 1.3.0\n');
    expect(promotionBody(request, [CHANGE], [], { templates })).toStartWith('| Promotion | |');
  });

  test('that come out empty do too', () => {
    expect(promotionTitle(request, { title: '{{approvedBy}}' })).toBe('Promote team/app in staging to 1.3.0');
  });
});

describe('the table', () => {
  test('says which gates were passed, and links to what changes', () => {
    const request = promotionRequest({ gates: { soak: '24h' } });
    const compareUrl = 'https://github.com/acme/fleet/compare/main...(x)';
    const body = promotionBody(request, [CHANGE], [], { compareUrl });
    expect(body).toContain('| Gates passed | soak `24h` |');
    expect(body).toContain('| Changes | [compare](https://github.com/acme/fleet/compare/main...%28x%29) |');
  });
});

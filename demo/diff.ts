import type { Gitea } from '../test/lab/gitea/forge.ts';

/** Lines that were taken out (`-…`) and put in (`+…`), those around them left out. */
export function changedLines(before: string, after: string): string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `-${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+${line}`),
  ];
}

/** The same of a pull request, as Gitea shows it. */
export async function pullRequestDiff(gitea: Gitea, repository: string, number: number): Promise<string[]> {
  const url = `${gitea.url}/${gitea.user}/${repository}/pulls/${number}.diff`;
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`Gitea answered ${answer.status} to GET ${url}`);
  const lines = (await answer.text()).split('\n');
  return lines.filter((line) => /^[+-]/.test(line) && !/^(\+\+\+|---) /.test(line));
}

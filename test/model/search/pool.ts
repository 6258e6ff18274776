import type { Report, Task } from './task.ts';

type Answer = { readonly report: Report } | { readonly problem: string };

/** Carries out the tasks on so many processors; the reports in the order of the tasks. */
export async function carryOutAll(
  tasks: readonly Task[],
  processors: number,
  onReport: (report: Report) => void = () => {},
): Promise<Report[]> {
  const reports: Report[] = [];
  const left = [...tasks.entries()];
  async function work(): Promise<void> {
    const worker = new Worker(new URL('./worker.ts', import.meta.url).href);
    try {
      for (let next = left.shift(); next; next = left.shift()) {
        const [index, task] = next;
        const answer = await ask(worker, task);
        if ('problem' in answer) throw new Error(`${task.name}: ${answer.problem}`);
        reports[index] = answer.report;
        onReport(answer.report);
      }
    } finally {
      worker.terminate();
    }
  }
  await Promise.all(Array.from({ length: Math.min(processors, tasks.length) }, work));
  return reports;
}

function ask(worker: Worker, task: Task): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`${task.name}: ${message}`));
    worker.postMessage(task);
  });
}

import { carryOut, type Task } from './task.ts';

declare const self: Worker;

self.onmessage = async ({ data }: MessageEvent<Task>) => {
  try {
    self.postMessage({ report: await carryOut(data) });
  } catch (error) {
    self.postMessage({ problem: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
};

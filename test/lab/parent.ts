/**
 * Ends this process soon after its parent is gone, with the status of a SIGTERM. A parent that is killed
 * cannot say so; but its children get another parent.
 */
export function exitWithParent(): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) process.exit(143);
  }, 500);
  timer.unref();
}

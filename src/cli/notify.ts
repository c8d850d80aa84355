/**
 * Tells systemd that a service of `Type=notify` is ready (sd_notify(3)), by its own program: Node has no datagram
 * sockets of the Unix domain. Does nothing where no service manager waits.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export async function tellSystemd(): Promise<void> {
  if (process.env.NOTIFY_SOCKET === undefined) return;
  const child = spawn('systemd-notify', ['--ready', `--pid=${process.pid}`], { stdio: 'ignore' });
  // Without it the manager's own time limit says that something is wrong.
  await once(child, 'close').catch(() => {});
}

/**
 * The daemon's Unix socket, STORE/daemon.sock.
 *
 * A socket address holds 107 bytes, a path 4095: both sides open the directory and name the socket
 * through /proc/self/fd. Only the owner of the store's lock binds, so a socket file that is there then
 * is a dead daemon's and is replaced. Source: unix(7).
 */
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { FxError } from '../errors.ts';

export const SOCKET_FILE = 'daemon.sock';

/** Connections beyond this are closed at once. */
export const CONNECTIONS_MAX = 128;

const CONNECT_TIMEOUT_MS = 10_000;

/** A connection to the daemon of the store; undefined when there is none. Rejects ACCESS_DENIED, NO_DAEMON, or a system error. */
export async function connectSocket(directory: string): Promise<Socket | undefined> {
  let fd: number;
  try {
    fd = openDirectory(directory);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  try {
    return await connect(addressIn(fd), directory);
  } finally {
    closeSync(fd);
  }
}

function connect(path: string, directory: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new FxError(
          'NO_DAEMON',
          `the daemon of ${directory} does not answer; look at ${join(directory, 'daemon.log')}`,
        ),
      );
    }, CONNECT_TIMEOUT_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined);
      else if (error.code === 'EACCES') {
        reject(
          new FxError(
            'ACCESS_DENIED',
            `the daemon of ${directory} belongs to another user; run the command as that user`,
          ),
        );
      } else reject(error);
    });
  });
}

export interface Endpoint {
  /** Stops listening and removes the socket file. Open connections go on. */
  close(): void;
}

/** Listens for clients of the store. The caller holds the store's lock. Rejects with a system error. */
export async function listen(
  directory: string,
  onConnection: (socket: Socket) => void,
  log: (text: string) => void,
): Promise<Endpoint> {
  rmSync(join(directory, SOCKET_FILE), { force: true });
  const fd = openDirectory(directory);
  const server = createServer(onConnection);
  server.maxConnections = CONNECTIONS_MAX;
  try {
    await bind(server, addressIn(fd), log);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    close() {
      // Closing unlinks the file by the address, so the descriptor must live until then.
      server.close();
      closeSync(fd);
    },
  };
}

function bind(server: Server, path: string, log: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      server.on('error', (error) => log(`the socket failed: ${error.message}`));
      resolve();
    });
    // The file is created inside this call, with mode 0600.
    const umask = process.umask(0o177);
    try {
      server.listen({ path });
    } finally {
      process.umask(umask);
    }
  });
}

function openDirectory(directory: string): number {
  return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
}

function addressIn(fd: number): string {
  return `/proc/self/fd/${fd}/${SOCKET_FILE}`;
}

import { createServer, type Socket } from 'node:net';

export interface BrokenServer {
  readonly origin: string;
  stop(): void;
}

/** A server that cuts every connection once a request arrives, or that never says a word. */
export function startBrokenServer(kind: 'cut' | 'silence'): Promise<BrokenServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', () => {
      if (kind === 'cut') socket.destroy();
    });
  });
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      resolve({ origin: `http://127.0.0.1:${port}`, stop });
    });
  });
}

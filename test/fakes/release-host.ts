// A loopback HTTP server in the place of release hosts: serves what it is told, counts what is asked.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Route = Buffer | string | ((response: ServerResponse, tries: number) => void);

export interface ReleaseHost {
  /** `http://127.0.0.1:<port>` */
  base: string;
  /** Path -> what to answer; anything else is 404. */
  routes: Map<string, Route>;
  /** Paths in the order in which they were asked for. */
  asked: string[];
  close(): Promise<void>;
}

export const startReleaseHost = async (
  routes: Record<string, Route> = {},
): Promise<ReleaseHost> => {
  const known = new Map(Object.entries(routes));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const route = known.get(path);
    if (route === undefined) response.writeHead(404).end();
    else if (typeof route === 'function')
      route(response, asked.filter((other) => other === path).length);
    else response.end(route);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}`,
    routes: known,
    asked,
    close: async () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** A base address where nothing listens: connections are refused at once. */
export const closedBase = async (): Promise<string> => {
  const host = await startReleaseHost();
  await host.close();
  return host.base;
};

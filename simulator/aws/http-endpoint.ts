import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Account } from '../account.ts';
import { createRequestHandler } from './request-handler.ts';

export type HttpEndpoint = {
  /** For `AWS_ENDPOINT_URL`. */
  readonly url: string;
  close(): Promise<void>;
};

/** The simulated account behind a loopback port, for code that runs in a process of its own. */
export async function startAwsEndpoint(account: Account): Promise<HttpEndpoint> {
  const handler = createRequestHandler(account);
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const headers = Object.fromEntries(
      Object.entries(incoming.headersDistinct).map(([name, values]) => [
        name,
        (values ?? []).join(', '),
      ]),
    );
    const { response } = await handler.handle({
      headers,
      body: Buffer.concat(chunks).toString('utf8'),
    });
    outgoing.writeHead(response.statusCode, response.headers).end(response.body);
  };
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      outgoing.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

import { get, type IncomingHttpHeaders } from 'node:http';

/** An answer that is read line by line while it goes on. */
export interface OpenLines {
  status: number;
  headers: IncomingHttpHeaders;
  /** What came so far. */
  lines: string[];
  /** Resolves at the end; rejects where the answer breaks off. */
  ended: Promise<void>;
  leave(): void;
}

/** Resolves when the head of the answer is there. */
export async function openLines(port: number, path: string, headers: Record<string, string> = {}): Promise<OpenLines> {
  return new Promise((resolve, reject) => {
    const client = get({ port, path, headers: { host: 'localhost', ...headers } }, (response) => {
      const lines: string[] = [];
      let rest = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        const parts = (rest + text).split('\n');
        rest = parts.pop()!;
        lines.push(...parts);
      });
      const ended = new Promise<void>((end, broken) => {
        response.once('end', () => end());
        response.once('error', broken);
      });
      // A reader that leaves does not wait for the end.
      ended.catch(() => undefined);
      const { statusCode: status = 0, headers: head } = response;
      resolve({ status, headers: head, lines, ended, leave: () => client.destroy() });
    });
    client.on('error', reject);
  });
}

/** The Engine API without anything around it, for floors: one request, its answer, and one stream of events. */
import { Agent, type IncomingMessage, request } from 'node:http';

const socketPath = '/var/run/docker.sock';

export interface BareEngine {
  /** Resolves with the answer's JSON (null for none) once all of it is here. @throws Error for a status from 400 on */
  call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown>;
  /** Resolves when the engine reports this of the container, from the moment of asking on. */
  event(id: string, action: 'die' | 'health_status: healthy'): Promise<void>;
  close(): void;
}

/** @param project whose containers' events are heard */
export async function openBareEngine(project: string): Promise<BareEngine> {
  const agent = new Agent({ keepAlive: true });
  const waiting = new Map<string, () => void>();

  const send = (method: string, path: string, body?: object): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = text === undefined ? {} : { 'Content-Type': 'application/json' };
      request({ socketPath, agent, method, path, headers }, resolve).once('error', reject).end(text);
    });

  const filters = { label: [`com.docker.compose.project=${project}`], type: ['container'] };
  const events = await send('GET', `/events?filters=${encodeURIComponent(JSON.stringify(filters))}`);
  let rest = '';
  events.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((one) => one !== '')) {
      const { id, Action } = JSON.parse(line) as { id?: string; Action?: string };
      waiting.get(`${id} ${Action}`)?.();
    }
  });
  // Cut at the end; nobody waits any more.
  events.on('error', () => undefined);

  return {
    async call(method, path, body) {
      const response = await send(method, path, body);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString('utf8');
      if ((response.statusCode ?? 500) >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`);
      return response.headers['content-type']?.startsWith('application/json') && text !== '' ? JSON.parse(text) : null;
    },
    event: (id, action) => new Promise((resolve) => waiting.set(`${id} ${action}`, resolve)),
    close() {
      events.destroy();
      agent.destroy();
    },
  };
}

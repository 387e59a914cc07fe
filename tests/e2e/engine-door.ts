/** The engine from outside the panel: what another person on the machine could do to a container. */
import { request } from 'node:http';

const socketPath = '/var/run/docker.sock';

/** One call to the local engine. Rejects on an answer of 400 and above. */
export function engineCall(method: 'GET' | 'POST' | 'DELETE', path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if ((answer.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
        else resolve(text === '' ? null : JSON.parse(text));
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** The id of the first container of a service in a project. */
export async function containerOf(project: string, service: string): Promise<string> {
  const labels = [`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`];
  const filters = encodeURIComponent(JSON.stringify({ label: labels }));
  const found = (await engineCall('GET', `/containers/json?all=1&filters=${filters}`)) as { Id: string }[];
  const id = found[0]?.Id;
  if (id === undefined) throw new Error(`No container of ${service} in ${project}`);
  return id;
}

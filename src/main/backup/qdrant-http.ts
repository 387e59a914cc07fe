/**
 * Speaks to Qdrant from inside its own container: it publishes no port, and its image holds no HTTP client but bash.
 * The key is read from the server's own configuration there and never leaves the container.
 */
import { z } from 'zod';
import { storeFailed } from './backup-problems.ts';
import type { StoreContainer } from './ports.ts';

const script = `
set -eu
key=
for f in /qdrant/config/local.yaml /qdrant/config/production.yaml; do
  [ -r "$f" ] || continue
  while IFS= read -r line; do
    case $line in *api_key:*) key=\${line#*api_key:}; key=\${key//[\\"\\' ]/}; break 2 ;; esac
  done < "$f"
done
exec 3<>/dev/tcp/127.0.0.1/6333
printf '%s %s HTTP/1.0\\r\\nHost: localhost\\r\\napi-key: %s\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n' "$1" "$2" "$key" >&3
cat <&3
`;

/** @throws {ProblemError} when Qdrant answers anything but 200, or something that `schema` does not know. */
export async function qdrantCall<T>(
  store: StoreContainer,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  schema: z.ZodType<T>,
  signal?: AbortSignal,
): Promise<T> {
  const cmd = ['bash', '-c', script, 'qdrant', method, path];
  const answer = await store.engine.exec(
    store.containerId,
    store.owner,
    { cmd },
    { maxBytes: 4 * 1024 * 1024, ...(signal === undefined ? {} : { signal }) },
  );
  const { status, body } = parseHttpAnswer(answer.stdout);
  if (answer.exitCode !== 0 || status !== 200) {
    throw storeFailed(store.service, `Qdrant answered ${status || 'nothing'} to ${method} ${path}.`, [
      body.slice(0, 500),
      answer.stderr.slice(0, 500),
    ]);
  }
  const parsed = z.object({ result: schema }).safeParse(parseJson(body));
  if (!parsed.success) throw storeFailed(store.service, `Qdrant gave an unknown answer to ${method} ${path}.`);
  return parsed.data.result;
}

/** Status and body of a whole HTTP/1.0 answer; status 0 when it is none. */
export function parseHttpAnswer(text: string): { status: number; body: string } {
  const end = text.indexOf('\r\n\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  if (end < 0 || status === undefined) return { status: 0, body: text };
  const body = text.slice(end + 4);
  if (!/^transfer-encoding:\s*chunked/im.test(text.slice(0, end))) return { status: Number(status), body };
  let rest = body;
  let whole = '';
  while (true) {
    const line = rest.indexOf('\r\n');
    const length = Number.parseInt(rest.slice(0, line), 16);
    if (line < 0 || !(length > 0)) return { status: Number(status), body: whole };
    whole += rest.slice(line + 2, line + 2 + length);
    rest = rest.slice(line + 2 + length + 2);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An engine on a unix socket that accepts everything Docker Compose asks of it and remembers what was created. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface AcceptedContainer {
  readonly id: string;
  readonly name: string;
  /** As asked for besides the body; empty when not. */
  readonly platform: string;
  readonly body: { readonly Labels: Readonly<Record<string, string>> } & Readonly<Record<string, unknown>>;
}

export interface AcceptedObject {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** Of the name alone, so that whoever creates a container in whatever order gives it the same id. */
export function acceptedId(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

export interface AcceptingEngine {
  /** For DOCKER_HOST. */
  readonly host: string;
  readonly containers: readonly AcceptedContainer[];
  /** Bodies of the creates. */
  readonly networks: readonly AcceptedObject[];
  readonly volumes: readonly AcceptedObject[];
  /** Bodies of POST /networks/NAME/connect. */
  readonly connects: readonly { readonly network: string; readonly body: Readonly<Record<string, unknown>> }[];
  close(): Promise<void>;
}

/** @param apiVersion of the engine it plays; a start is always refused, so that a run ends with what was created. */
export async function openAcceptingEngine(socket: string, apiVersion = '1.44'): Promise<AcceptingEngine> {
  const connects: { network: string; body: Record<string, unknown> }[] = [];
  const containers: AcceptedContainer[] = [];
  const networks = new Map<string, AcceptedObject>();
  const volumes = new Map<string, AcceptedObject>();

  const server = createServer((request, response) => {
    response.setHeader('Api-Version', apiVersion);
    body(request).then(
      (given) => answer(request, response, given),
      () => response.destroy(),
    );
  });

  function answer(request: IncomingMessage, response: ServerResponse, given: Record<string, unknown>): void {
    const url = new URL(request.url ?? '/', 'http://engine');
    const path = url.pathname.replace(/^\/v[\d.]+/, '');
    const [, kind = '', name = '', action = ''] = path.split('/').map(decodeURIComponent);
    const key = `${request.method} ${kind}`;
    if (kind === '_ping') send(response, 200, 'OK');
    else if (kind === 'version')
      send(response, 200, { ApiVersion: apiVersion, MinAPIVersion: '1.12', Version: '25.0.0', Os: 'linux' });
    else if (kind === 'info') send(response, 200, { OSType: 'linux', Architecture: 'x86_64', Driver: 'overlay2' });
    else if (kind === 'images')
      send(response, 200, { Id: `sha256:${'a'.repeat(64)}`, RepoTags: [tagged(path)], RepoDigests: [], Config: {} });
    else if (key === 'POST containers' && name === 'create') {
      const container = url.searchParams.get('name') ?? '';
      const id = acceptedId(container);
      const platform = url.searchParams.get('platform') ?? '';
      containers.push({ id, name: container, platform, body: given as AcceptedContainer['body'] });
      send(response, 201, { Id: id, Warnings: [] });
    } else if (key === 'POST containers' && action === 'start') send(response, 500, { message: 'not started here' });
    else if (key === 'GET containers' && name === 'json') {
      const wanted = labelFilters(url);
      send(
        response,
        200,
        containers
          .filter(({ body: { Labels } }) =>
            wanted.every(([label, value]) => (value === undefined ? label in Labels : Labels[label] === value)),
          )
          .map(summary),
      );
    } else if (key === 'GET containers') inspectContainer(response, name);
    else if (kind === 'networks') answerNetwork(request, response, name, action, given);
    else if (kind === 'volumes') answerVolume(request, response, name, given);
    else send(response, 200, {});
  }

  function inspectContainer(response: ServerResponse, name: string): void {
    const found = containers.find((one) => one.id === name || one.name === name);
    if (found === undefined) send(response, 404, { message: `No such container: ${name}` });
    else {
      const state = { Status: 'created' };
      const networkSettings = { Networks: {} };
      send(response, 200, {
        Id: found.id,
        Name: `/${found.name}`,
        State: state,
        Config: found.body,
        HostConfig: found.body.HostConfig,
        NetworkSettings: networkSettings,
      });
    }
  }

  function answerNetwork(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    action: string,
    given: Record<string, unknown>,
  ): void {
    if (request.method === 'POST' && name === 'create') {
      networks.set(String(given.Name), { ...asObject(given), ...{ Id: String(given.Name) } });
      send(response, 201, { Id: given.Name });
    } else if (request.method === 'POST' && action === 'connect') {
      connects.push({ network: name, body: given });
      send(response, 200, {});
    } else if (name === '') send(response, 200, [...networks.values()]);
    else if (networks.has(name)) send(response, 200, networks.get(name));
    else send(response, 404, { message: `network ${name} not found` });
  }

  function answerVolume(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    given: Record<string, unknown>,
  ): void {
    if (request.method === 'POST') {
      volumes.set(String(given.Name), asObject(given));
      send(response, 201, given);
    } else if (name === '') send(response, 200, { Volumes: [...volumes.values()] });
    else if (volumes.has(name)) send(response, 200, volumes.get(name));
    else send(response, 404, { message: `get ${name}: no such volume` });
  }

  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
  return {
    host: `unix://${socket}`,
    containers,
    connects,
    get networks() {
      return [...networks.values()];
    },
    get volumes() {
      return [...volumes.values()];
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function asObject(given: Record<string, unknown>): AcceptedObject {
  return { ...given, Name: String(given.Name), Labels: (given.Labels ?? {}) as AcceptedObject['Labels'] };
}

/** The image that a path such as /images/alpine/json asks for, with a tag. */
function tagged(path: string): string {
  const name = decodeURIComponent(path)
    .replace(/^\/images\//, '')
    .replace(/\/json$/, '');
  return /:[^/]+$/.test(name) ? name : `${name}:latest`;
}

/** `filters={"label":["a=b","c"]}`, or the older form, a map of such texts to true. */
function labelFilters(url: URL): (readonly [string, string | undefined])[] {
  const { label = [] } = JSON.parse(url.searchParams.get('filters') ?? '{}') as {
    label?: readonly string[] | Readonly<Record<string, boolean>>;
  };
  return (Array.isArray(label) ? label : Object.keys(label)).map((text: string) => {
    const equals = text.indexOf('=');
    return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
  });
}

function summary(container: AcceptedContainer): unknown {
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Labels: container.body.Labels,
    State: 'created',
    Status: 'Created',
  };
}

async function body(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function send(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', OSType: 'linux' });
  response.end(typeof content === 'string' ? content : JSON.stringify(content));
}

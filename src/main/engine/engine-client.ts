/**
 * The port to an engine: every call Quayside makes, and no other (default-deny). The adapter is the only
 * module that imports dockerode. Calls that change something take the project they act for; the adapter
 * looks at the target's labels first and refuses (`not-ours`) what does not belong to it.
 */
import type { Readable } from 'node:stream';
import type { Json, JsonObject } from '../../shared/model/json.ts';

/** Where an engine answers. Paths and URLs only; never credentials. */
export interface EngineEndpoint {
  readonly url: string;
  readonly foundBy: string;
  /** Folder with `ca.pem`, `cert.pem` and `key.pem` for an engine across the network. */
  readonly tlsDir?: string;
}

export interface EngineVersion {
  readonly serverVersion: string;
  /** The engine's highest: "1.41". */
  readonly apiVersion: string;
  readonly os: string;
  readonly arch: string;
  readonly cpus: number;
  readonly memBytes: number;
  /** The engine's own identity (`/info` ID): a plan made for one engine never runs on another. */
  readonly engineId: string;
}

/** Engine JSON is untrusted: callers narrow what they read of it. */
export type { Json, JsonObject };

export interface ContainerSummary {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly image: string;
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** created | running | paused | restarting | removing | exited | dead */
  readonly state: string;
  readonly createdAtMs: number;
  readonly raw: JsonObject;
}

export interface PullProgress {
  /** Engine's word: "Downloading", "Extracting", "Step 3/9 : RUN …". */
  readonly status: string;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
}

export interface PullOptions {
  /** As in `linux/arm64`; the engine's own when left out. */
  readonly platform?: string;
  /** The `X-Registry-Auth` header. */
  readonly login?: string;
}

/** The classic builder's parameters: POST /build of the Engine API. */
export interface BuildOptions {
  readonly tag: string;
  readonly moreTags?: readonly string[];
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Within the context; `Dockerfile` when left out. */
  readonly dockerfile?: string;
  readonly networkMode?: string;
  readonly target?: string;
  readonly platform?: string;
  readonly cacheFrom?: readonly string[];
  /** `host:address` */
  readonly extraHosts?: readonly string[];
  readonly shmBytes?: number;
  readonly ulimits?: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly isolation?: string;
  /** Asks the registry for newer base images. */
  readonly pull?: boolean;
  readonly noCache?: boolean;
  /** An address the engine fetches the context from: a git repository or a tar. */
  readonly remote?: string;
  /** The `X-Registry-Config` header. */
  readonly logins?: string;
}

export interface EngineEvent {
  /** container | network | image | volume | daemon … */
  readonly type: string;
  /** start | die | oom | destroy | `health_status: healthy` is split into action `health_status` and `attributes.health`. */
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly atMs: number;
}

export interface ExecSpec {
  readonly cmd: readonly string[];
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
}
export interface ExecResult {
  readonly exitCode: number;
  /** Bounded by `maxBytes`; the rest is dropped. */
  readonly stdout: string;
  readonly stderr: string;
}
/** A long exec whose stdout is a byte stream. `done` resolves with the exit code after the stream ended; only 0 is success. */
export interface ExecStream {
  readonly stdout: Readable;
  readonly done: Promise<{ exitCode: number; stderr: string }>;
  /** Kills the process in the container too (dead-man switch on stdin). */
  kill(): void;
}

export interface LogChunk {
  readonly source: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/** Who a changing call acts for: the Compose project whose label the target must carry. */
export interface Owner {
  readonly project: string;
}

export interface EngineClient {
  readonly endpoint: EngineEndpoint;
  version(signal?: AbortSignal): Promise<EngineVersion>;

  listContainers(labels: readonly string[], signal?: AbortSignal): Promise<ContainerSummary[]>;
  /** null when there is none. */
  inspectContainer(id: string, signal?: AbortSignal): Promise<JsonObject | null>;
  createContainer(
    name: string,
    body: JsonObject,
    platform?: string,
    signal?: AbortSignal,
  ): Promise<{ id: string; warnings: string[] }>;
  startContainer(id: string, owner: Owner, signal?: AbortSignal): Promise<void>;
  /** `timeoutS` undefined leaves the container's own StopTimeout in force. */
  stopContainer(id: string, owner: Owner, timeoutS?: number): Promise<void>;
  removeContainer(id: string, owner: Owner, options?: { force?: boolean; volumes?: boolean }): Promise<void>;
  unpauseContainer(id: string, owner: Owner): Promise<void>;
  renameContainer(id: string, owner: Owner, name: string): Promise<void>;

  listNetworks(labels: readonly string[]): Promise<JsonObject[]>;
  inspectNetwork(idOrName: string): Promise<JsonObject | null>;
  createNetwork(body: JsonObject): Promise<string>;
  connectNetwork(networkId: string, owner: Owner, body: JsonObject): Promise<void>;
  disconnectNetwork(networkId: string, owner: Owner, containerId: string): Promise<void>;
  removeNetwork(idOrName: string, owner: Owner): Promise<void>;

  listVolumes(labels: readonly string[]): Promise<JsonObject[]>;
  inspectVolume(name: string): Promise<JsonObject | null>;
  createVolume(body: JsonObject): Promise<void>;
  removeVolume(name: string, owner: Owner): Promise<void>;

  inspectImage(ref: string): Promise<JsonObject | null>;
  /**
   * Fails with `image-not-found`, `image-wrong-platform`, `registry-unreachable`, `registry-failed`,
   * `registry-denied`, `registry-rate-limited`, `disk-full`. An abort ends the pull on the engine too.
   */
  pullImage(
    ref: string,
    onProgress: (progress: PullProgress) => void,
    signal?: AbortSignal,
    options?: PullOptions,
  ): Promise<void>;
  /**
   * `context` is an uncompressed tar; null where `options.remote` says where the engine finds it. Fails with
   * `build-failed` and the failing step's last lines as evidence, or as a pull does where a base image is missing.
   * What the context's own stream fails with is thrown as it is.
   */
  buildImage(
    context: Readable | null,
    options: BuildOptions,
    onProgress: (progress: PullProgress) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Imports a root file system tar as an image. */
  importImage(rootfs: Readable, tag: string, signal?: AbortSignal): Promise<void>;

  /** Ends when the engine ends it, or on abort. `labels` filter containers; resolves once ended, rejects on a broken stream. */
  events(
    options: {
      labels?: readonly string[];
      /** Only these types and actions; `health_status` stands for all of its kind. */
      types?: readonly string[];
      actions?: readonly string[];
      sinceS?: number;
      onOpen?: () => void;
    },
    onEvent: (event: EngineEvent) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** With engine time stamps at each line's start. Resolves when the container stopped (follow) or all was sent. */
  logs(
    id: string,
    options: { follow: boolean; tail: number; sinceS?: number },
    onChunk: (chunk: LogChunk) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** One raw sample a second until abort or the container is gone. */
  stats(id: string, onSample: (raw: JsonObject) => void, signal: AbortSignal): Promise<void>;

  exec(
    id: string,
    owner: Owner,
    spec: ExecSpec,
    options?: { maxBytes?: number; signal?: AbortSignal },
  ): Promise<ExecResult>;
  execStream(id: string, owner: Owner, spec: ExecSpec, signal: AbortSignal): Promise<ExecStream>;
  /** A tar of `path` inside the container. */
  getArchive(id: string, owner: Owner, path: string, signal?: AbortSignal): Promise<Readable>;
  /** `tar` is uncompressed. */
  putArchive(id: string, owner: Owner, path: string, tar: Readable, signal?: AbortSignal): Promise<void>;

  close(): void;
}

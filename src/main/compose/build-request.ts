/** A service's `build` as the engine's classic builder takes it. Pure. */
import { isAbsolute, join } from 'node:path';
import type { BuildOptions } from '../engine/engine-client.ts';
import type { ContextSource } from './build-context.ts';
import { imageRefOf, platformOf } from './image-ref.ts';
import type { ComposeBuild, ComposeProject, ComposeService } from './model.ts';
import { bytes } from './quantities.ts';

export interface BuildRequest {
  /** Where the context lies: here, or at an address that the engine fetches by itself. */
  readonly source: ContextSource | { readonly remote: string };
  readonly options: BuildOptions;
}

/**
 * Several `platforms` leave the choice to the engine, as Compose does for an `up`: one machine runs one of them.
 * @param composeVersion goes into the image's label
 * @param labels names of Compose's own labels
 */
export function buildRequest(
  project: ComposeProject,
  name: string,
  service: ComposeService,
  build: ComposeBuild,
  labels: Readonly<Record<string, string>>,
): BuildRequest {
  const context = build.context ?? project.workingDir;
  const remote = isRemote(context);
  const dockerfile = build.dockerfile ?? 'Dockerfile';
  const [onlyPlatform, ...otherPlatforms] = build.platforms ?? [];
  const platform = platformOf(project, service) ?? (otherPlatforms.length === 0 ? onlyPlatform : undefined);
  const options: BuildOptions = {
    tag: imageRefOf(project, name, service),
    buildArgs: Object.fromEntries(
      Object.entries(build.args ?? {}).filter((entry): entry is [string, string] => entry[1] !== null),
    ),
    labels: { ...build.labels, ...labels },
    ...(build.tags === undefined ? {} : { moreTags: build.tags }),
    ...(build.network === undefined ? {} : { networkMode: build.network }),
    ...(build.target === undefined ? {} : { target: build.target }),
    ...(platform === undefined ? {} : { platform }),
    ...(build.cache_from === undefined
      ? {}
      : { cacheFrom: build.cache_from.map((source) => source.replace(/^type=registry,ref=/, '')) }),
    // `host=address` in the model; an IPv6 address keeps its own colons.
    ...(build.extra_hosts === undefined ? {} : { extraHosts: build.extra_hosts.map((host) => host.replace('=', ':')) }),
    ...(build.shm_size === undefined ? {} : { shmBytes: bytes(build.shm_size) }),
    ...(build.ulimits === undefined ? {} : { ulimits: Object.entries(build.ulimits).map(ulimit) }),
    ...(build.isolation === undefined ? {} : { isolation: build.isolation }),
    ...(build.pull === true ? { pull: true } : {}),
    ...(build.no_cache === true ? { noCache: true } : {}),
  };
  if (remote) return { source: { remote: context }, options: { ...options, remote: context, dockerfile } };
  const inline = build.dockerfile_inline;
  const path = isAbsolute(dockerfile) ? dockerfile : join(context, dockerfile);
  const source = { service: name, folder: context };
  return {
    source: inline === undefined ? { ...source, dockerfile: path } : { ...source, dockerfile: null, inline },
    options,
  };
}

function isRemote(context: string): boolean {
  return /^(?:https?:\/\/|git:\/\/|git@|github\.com\/)/.test(context);
}

function ulimit([Name, limit]: [string, number | { readonly soft?: number; readonly hard?: number }]) {
  if (typeof limit === 'number') return { Name, Soft: limit, Hard: limit };
  return { Name, Soft: limit.soft ?? limit.hard ?? 0, Hard: limit.hard ?? limit.soft ?? 0 };
}

/** Volumes, secrets and configs of a service as Binds and Mounts, split the way Compose 2.26 splits them. */
import type { JsonObject } from '../engine/engine-client.ts';
import { type BodyContext, compact } from './body-context.ts';
import type { ComposeMount } from './model.ts';
import { bytes } from './quantities.ts';

export function mountsOf(context: BodyContext): { binds: string[]; mounts: JsonObject[] } {
  const { service, project } = context;
  const binds: string[] = [];
  const mounts: JsonObject[] = [];
  const targets = new Set<string>();
  for (const volume of service.volumes ?? []) {
    targets.add(volume.target);
    const bind = bindOf(volume);
    if (bind === null) mounts.push(mountOf(context, volume));
    else binds.push(bind);
  }
  for (const [grants, declared, folder] of [
    [service.secrets, project.secrets, '/run/secrets/'],
    [service.configs, project.configs, '/'],
  ] as const) {
    for (const grant of grants ?? []) {
      const file = declared?.[grant.source]?.file;
      // Contents from a variable are written into the container after the create, not mounted.
      if (file === undefined) continue;
      const target = grant.target ?? grant.source;
      const absolute = target.startsWith('/') ? target : `${folder}${target}`;
      targets.add(absolute);
      mounts.push({ Type: 'bind', Source: file, Target: absolute, ReadOnly: true });
    }
  }
  // What the replaced container kept in volumes nobody named goes with its successor, unless the file now mounts there.
  for (const { name, target } of context.inherited) {
    const anonymous = mounts.findIndex((mount) => mount.Target === target && mount.Type === 'volume' && !mount.Source);
    if (anonymous >= 0) mounts[anonymous] = { ...mounts[anonymous], Source: name };
    else if (!targets.has(target)) mounts.push({ Type: 'volume', Source: name, Target: target });
  }
  return { binds, mounts };
}

/** A bind that makes its host folder is a string, since only that form makes one; anything else is a mount. */
function bindOf(volume: ComposeMount): string | null {
  if (volume.type !== 'bind' || volume.bind?.create_host_path !== true) return null;
  const { selinux, propagation } = volume.bind;
  const mode = [volume.read_only === true ? 'ro' : 'rw', selinux, propagation].filter((part) => part !== undefined);
  return `${volume.source ?? ''}:${volume.target}:${mode.join(',')}`;
}

function mountOf(context: BodyContext, volume: ComposeMount): JsonObject {
  const { project } = context;
  const named = volume.type === 'volume' && volume.source !== undefined;
  const source = named ? (project.volumes?.[volume.source ?? '']?.name ?? volume.source) : volume.source;
  return compact({
    Type: volume.type,
    Source: volume.type === 'tmpfs' ? undefined : source,
    Target: volume.target,
    ReadOnly: volume.read_only === true ? true : undefined,
    Consistency: volume.consistency,
    BindOptions:
      volume.type === 'bind' && volume.bind !== undefined
        ? compact({ Propagation: volume.bind.propagation })
        : undefined,
    VolumeOptions:
      volume.type === 'volume' && volume.volume !== undefined
        ? compact({ NoCopy: volume.volume.nocopy === true ? true : undefined, Subpath: volume.volume.subpath })
        : undefined,
    TmpfsOptions:
      volume.type === 'tmpfs' && volume.tmpfs !== undefined
        ? compact({
            SizeBytes: volume.tmpfs.size === undefined ? undefined : bytes(volume.tmpfs.size),
            Mode: volume.tmpfs.mode === undefined ? undefined : Number(volume.tmpfs.mode),
          })
        : undefined,
  });
}

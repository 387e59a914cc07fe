/** Relative paths of a file made absolute, as Compose does: against the project's (or included, or extended) folder. */
import { isAbsolute, join } from 'node:path';
import { isWindowsPath } from './mount-syntax.ts';
import { type Dict, isDict, isList, type Value } from './yaml-value.ts';

/** Changes the service in place and returns it. */
export function resolveServicePaths(service: Dict, folder: string, home: string): Dict {
  const absolute = (path: Value | undefined) => resolvePath(String(path ?? ''), folder, home);
  const { build, env_file: envFiles, volumes, develop, extends: base } = service;
  if (isDict(build)) {
    if (build.context !== undefined) build.context = resolveContext(String(build.context), folder, home);
    const contexts = build.additional_contexts;
    if (isDict(contexts)) {
      for (const name of Object.keys(contexts)) {
        contexts[name] = resolveContext(String(contexts[name]), folder, home);
      }
    }
  }
  for (const file of isList(envFiles) ? envFiles : []) if (isDict(file)) file.path = absolute(file.path);
  for (const mount of isList(volumes) ? volumes : []) {
    if (isDict(mount) && mount.type === 'bind' && mount.source !== undefined) mount.source = absolute(mount.source);
  }
  const watches = isDict(develop) ? develop.watch : undefined;
  for (const watch of isList(watches) ? watches : []) {
    if (isDict(watch) && typeof watch.path === 'string') watch.path = absolute(watch.path);
  }
  if (isDict(base) && base.file !== undefined) base.file = absolute(base.file);
  return service;
}

/** Changes the file's top-level entries in place and returns it. */
export function resolveTopLevelPaths(file: Dict, folder: string, home: string): Dict {
  for (const kind of ['secrets', 'configs'] as const) {
    const objects = file[kind];
    if (!isDict(objects)) continue;
    for (const name of Object.keys(objects)) {
      const object = objects[name];
      if (isDict(object) && typeof object.file === 'string') object.file = resolvePath(object.file, folder, home);
    }
  }
  const volumes = file.volumes;
  if (isDict(volumes)) {
    for (const name of Object.keys(volumes)) {
      const volume = volumes[name];
      const options = isDict(volume) && volume.driver === 'local' ? volume.driver_opts : undefined;
      // A "volume" of the local driver that is a bind mount in disguise.
      if (isDict(options) && options.o === 'bind' && typeof options.device === 'string') {
        options.device = resolvePath(options.device, folder, home);
      }
    }
  }
  return file;
}

/** `~` is the home folder; absolute and Windows paths stay as they are. */
export function resolvePath(path: string, folder: string, home: string): string {
  if (path === '~' || path.startsWith('~/')) return join(home, path.slice(1));
  if (isAbsolute(path) || isWindowsPath(path)) return path;
  const joined = join(folder, path);
  return joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined;
}

/** Contexts may be addresses, which stay as they are. */
function resolveContext(context: string, folder: string, home: string): string {
  if (context.includes('://') || /^(git@|github\.com\/|service:|docker-image:)/.test(context)) return context;
  return resolvePath(context, folder, home);
}

/** Which services are switched on, and which networks, volumes, secrets and configs they use. */
import { type Dict, dict, isDict, isList } from './yaml-value.ts';

/** The given profiles, else those of COMPOSE_PROFILES. */
export function activeProfiles(
  given: readonly string[] | undefined,
  environment: Readonly<Record<string, string>>,
): string[] {
  const names = given ?? (environment.COMPOSE_PROFILES ?? '').split(',');
  return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))];
}

/** A service without profiles is always active; `*` is every profile. */
export function splitByProfile(services: Dict, profiles: readonly string[]): { active: Dict; disabled: Dict } {
  const active = dict();
  const disabled = dict();
  for (const name of Object.keys(services)) {
    const service = services[name];
    if (!isDict(service)) continue;
    const own = isList(service.profiles) ? service.profiles : [];
    const on = own.length === 0 || profiles.includes('*') || own.some((profile) => profiles.includes(String(profile)));
    (on ? active : disabled)[name] = service;
  }
  return { active, disabled };
}

/** Compose neither prints nor creates what no active service uses. */
export function unusedRemoved(tree: Dict): { networks: Dict; volumes: Dict; secrets: Dict; configs: Dict } {
  const networks = new Set<string>();
  const volumes = new Set<string>();
  const secrets = new Set<string>();
  const configs = new Set<string>();
  const services = tree.services as Dict;
  for (const name of Object.keys(services)) {
    const service = services[name] as Dict;
    if (isDict(service.networks)) for (const network of Object.keys(service.networks)) networks.add(network);
    for (const mount of isList(service.volumes) ? service.volumes : []) {
      if (isDict(mount) && mount.type === 'volume' && typeof mount.source === 'string') volumes.add(mount.source);
    }
    const build = isDict(service.build) ? service.build : dict();
    for (const [list, into] of [
      [service.secrets, secrets],
      [build.secrets, secrets],
      [service.configs, configs],
    ] as const) {
      for (const entry of isList(list) ? list : []) if (isDict(entry)) into.add(String(entry.source));
    }
  }
  return {
    networks: only(tree.networks as Dict, networks),
    volumes: only(tree.volumes as Dict, volumes),
    secrets: only(tree.secrets as Dict, secrets),
    configs: only(tree.configs as Dict, configs),
  };
}

function only(entries: Dict, used: ReadonlySet<string>): Dict {
  const made = dict();
  for (const name of Object.keys(entries)) if (used.has(name)) made[name] = entries[name] ?? null;
  return made;
}

/**
 * Whether a network or volume on the engine is what the file says. Compose's own config-hash label decides where it is
 * of a version whose hash we know; otherwise what the file asks for is compared with what the engine has. What the
 * engine chose itself (a subnet, an option of its own) differs from nothing.
 */
import { asList, asObject, asText, asTextMap } from '../../shared/model/json.ts';
import type { JsonObject } from '../engine/engine-client.ts';
import type { ActualObject } from './actual.ts';
import { dialectOf, hashDialects, networkHash, volumeHash } from './config-hash.ts';
import { hashLabel, versionLabel } from './labels.ts';
import type { ComposeIpamPool, ComposeNetwork, ComposeVolume, StringMap } from './model.ts';

const unseen = 'a value that the engine does not show changed';

/** What differs, a line each: `internal: false -> true`. Empty when it is as the file says, or cannot be told apart. */
export function networkDrift(network: ComposeNetwork, actual: ActualObject): string[] {
  const visible = networkDifferences(network, actual);
  return judged(
    actual,
    hashDialects.map((dialect) => networkHash(network, dialect)),
    visible,
  );
}

/** The same for a volume. */
export function volumeDrift(volume: ComposeVolume, actual: ActualObject): string[] {
  const { raw } = actual;
  const visible = [
    ...difference('driver', volume.driver ?? 'local', asText(raw.Driver)),
    ...optionDifferences('driver_opts', volume.driver_opts, asTextMap(raw.Options)),
    ...labelDifferences(volume.labels, actual.labels),
  ];
  return judged(actual, [volumeHash(volume)], visible);
}

function judged(actual: ActualObject, hashes: readonly string[], visible: string[]): string[] {
  const hash = actual.labels[hashLabel];
  if (hash === undefined) return visible;
  if (hashes.includes(hash)) return [];
  // Compose of a version we do not know: its hash says nothing, what can be seen does.
  const known = dialectOf(actual.labels[versionLabel] ?? '') !== undefined;
  return visible.length === 0 && known ? [unseen] : visible;
}

function networkDifferences(network: ComposeNetwork, { raw, labels }: ActualObject): string[] {
  const driver = asText(raw.Driver);
  const ipam = asObject(raw.IPAM);
  // Without a driver in the file the engine takes its own: bridge, on Windows nat.
  const sameDriver = network.driver === undefined ? driver === 'bridge' || driver === 'nat' : network.driver === driver;
  const ipamDriver = network.ipam.driver;
  return [
    ...(sameDriver ? [] : difference('driver', network.driver ?? 'bridge', driver)),
    ...optionDifferences('driver_opts', network.driver_opts, asTextMap(raw.Options)),
    ...(ipamDriver === undefined || ipamDriver === 'default'
      ? []
      : difference('ipam.driver', ipamDriver, asText(ipam.Driver))),
    ...poolDifferences(network.ipam.config ?? [], asList(ipam.Config).map(asObject)),
    ...difference('internal', network.internal === true, raw.Internal === true),
    ...difference('attachable', network.attachable === true, raw.Attachable === true),
    ...difference('enable_ipv6', network.enable_ipv6 === true, raw.EnableIPv6 === true),
    ...labelDifferences(network.labels, labels),
  ];
}

/** Pools of the file, each against the engine's of the same subnet. A file without any leaves the choice to the engine. */
function poolDifferences(wanted: readonly ComposeIpamPool[], there: readonly JsonObject[]): string[] {
  return wanted.flatMap((pool, index) => {
    const at = wanted.length === 1 ? 'ipam.config' : `ipam.config.${index}`;
    const same = there.find(({ Subnet }) => plainAddress(asText(Subnet)) === plainAddress(pool.subnet ?? ''));
    if (pool.subnet !== undefined && same === undefined) {
      const others = there.map(({ Subnet }) => asText(Subnet)).join(', ');
      return difference(`${at}.subnet`, pool.subnet, others);
    }
    if (same === undefined) return [];
    const aux = asTextMap(same.AuxiliaryAddresses);
    return [
      ...addressDifference(`${at}.gateway`, pool.gateway, asText(same.Gateway)),
      ...addressDifference(`${at}.ip_range`, pool.ip_range, asText(same.IPRange)),
      ...Object.entries(pool.aux_addresses ?? {}).flatMap(([host, address]) =>
        addressDifference(`${at}.aux_addresses.${host}`, address, aux[host] ?? ''),
      ),
    ];
  });
}

function addressDifference(path: string, wanted: string | undefined, there: string): string[] {
  if (wanted === undefined || plainAddress(wanted) === plainAddress(there)) return [];
  return difference(path, wanted, there);
}

/** One spelling for each address: IPv6 has many. */
function plainAddress(text: string): string {
  const [address = '', bits] = text.trim().toLowerCase().split('/');
  const url = `http://[${address}]`;
  const plain = address.includes(':') && URL.canParse(url) ? new URL(url).hostname : address;
  return bits === undefined ? plain : `${plain}/${bits}`;
}

/** Only what the file names: the engine and its configuration add options of their own. */
function optionDifferences(path: string, wanted: StringMap | undefined, there: StringMap): string[] {
  return Object.entries(wanted ?? {}).flatMap(([key, value]) =>
    difference(`${path}.${key}`, value, Object.hasOwn(there, key) ? there[key] : undefined),
  );
}

function labelDifferences(wanted: StringMap = {}, there: StringMap): string[] {
  const keys = new Set([...Object.keys(wanted), ...Object.keys(there).filter((key) => !isComposes(key))]);
  return [...keys].sort().flatMap((key) => difference(`labels.${key}`, own(wanted, key), own(there, key)));
}

const isComposes = (key: string): boolean => key.startsWith('com.docker.compose.');
const own = (map: StringMap, key: string): string | undefined => (Object.hasOwn(map, key) ? map[key] : undefined);

function difference(path: string, wanted: string | boolean | undefined, there: string | boolean | undefined): string[] {
  if (wanted === there) return [];
  const said = (value: string | boolean | undefined): string =>
    value === undefined || value === '' ? '(not set)' : JSON.stringify(value);
  return [`${path}: ${said(there)} -> ${said(wanted)}`];
}

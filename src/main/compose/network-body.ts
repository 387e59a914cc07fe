/** Networks and volumes of the file as create bodies. Their config-hash labels are left out: a wrong one costs data, a missing one nothing. */
import type { JsonObject } from '../engine/engine-client.ts';
import { compact } from './body-context.ts';
import { compareApi } from './create-body.ts';
import type { ComposeNetwork, ComposeVolume } from './model.ts';

export function networkBody(
  network: ComposeNetwork,
  labels: Readonly<Record<string, string>>,
  apiVersion: string,
): JsonObject {
  const pools = network.ipam.config?.map((pool) =>
    compact({
      Subnet: pool.subnet,
      Gateway: pool.gateway,
      IPRange: pool.ip_range,
      AuxiliaryAddresses: pool.aux_addresses,
    }),
  );
  const ipam = compact({ Driver: network.ipam.driver, Config: pools, Options: network.ipam.options });
  return compact({
    Name: network.name,
    Driver: network.driver ?? '',
    Options: network.driver_opts,
    IPAM: Object.keys(ipam).length === 0 ? undefined : ipam,
    Internal: network.internal,
    Attachable: network.attachable,
    EnableIPv6: network.enable_ipv6,
    // Names are not unique on older engines unless asked for.
    CheckDuplicate: compareApi(apiVersion, '1.44') < 0 ? true : undefined,
    Labels: { ...network.labels, ...labels },
  });
}

export function volumeBody(volume: ComposeVolume, labels: Readonly<Record<string, string>>): JsonObject {
  return compact({
    Name: volume.name,
    Driver: volume.driver,
    DriverOpts: volume.driver_opts,
    Labels: { ...volume.labels, ...labels },
  });
}

/**
 * Where a provider may be. Its address is the owner's choice, private networks included; only the addresses under which
 * clouds hand credentials to a machine are never asked.
 */
import { lookup as dnsLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const refused = new BlockList();
// Link-local as a whole: AWS, Azure, Google, Oracle, DigitalOcean at 169.254.169.254, ECS at 169.254.170.2.
refused.addSubnet('169.254.0.0', 16, 'ipv4');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addAddress('100.100.100.200', 'ipv4'); // Alibaba
refused.addAddress('168.63.129.16', 'ipv4'); // Azure's wire server
refused.addAddress('192.0.0.192', 'ipv4'); // Oracle classic
refused.addAddress('fd00:ec2::254', 'ipv6'); // AWS
refused.addAddress('fd20:ce::254', 'ipv6'); // Google
refused.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6'); // link-local through NAT64
refused.addSubnet('2002:a9fe::', 32, 'ipv6'); // and through 6to4
const refusedNames =
  /^(metadata|metadata\.google\.internal|metadata\.goog|instance-data(\.[a-z0-9-]+)*\.?(internal)?)$/;

const near = new BlockList();
near.addSubnet('127.0.0.0', 8, 'ipv4');
near.addSubnet('10.0.0.0', 8, 'ipv4');
near.addSubnet('172.16.0.0', 12, 'ipv4');
near.addSubnet('192.168.0.0', 16, 'ipv4');
near.addSubnet('100.64.0.0', 10, 'ipv4');
near.addAddress('::1', 'ipv6');
near.addSubnet('fc00::', 7, 'ipv6');

const inList = (list: BlockList, address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
};
/** As URL gives it: without the brackets of IPv6 and the dot of a full name. */
const bare = (hostname: string): string => hostname.toLowerCase().replace(/^\[|\]$|\.$/g, '');

/** Whether a host of a URL is one that credentials come from. Spellings of an address are the URL parser's matter. */
export function isRefusedHost(hostname: string): boolean {
  const host = bare(hostname);
  return refusedNames.test(host) || inList(refused, host);
}

/** Whether what is sent there stays on this machine or its own network, as far as the address tells. */
export function isNear(baseUrl: string): boolean {
  try {
    const host = bare(new URL(baseUrl).hostname);
    if (isIP(host) !== 0) return inList(near, host);
    return !host.includes('.') || /\.(internal|local|localhost|lan|home\.arpa)$/.test(host);
  } catch {
    return false;
  }
}

export class RefusedAddress extends Error {}

/** Name resolution that looks at what a name leads to at the very moment of connecting. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error !== null || first === undefined) callback(error ?? new Error('no address'), '', 0);
    else if (addresses.some(({ address }) => inList(refused, address)))
      callback(new RefusedAddress('a metadata address'), '', 0);
    else if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

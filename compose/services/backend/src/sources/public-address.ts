/**
 * Addresses that a page of the public web may have. Everything else (this machine, its network, the addresses under
 * which clouds hand credentials to their machines) is closed to sources, because whoever writes a link chooses the host.
 */
import ipaddr from 'ipaddr.js';

/** Public by its range, but answered by the machine's own cloud. */
const metadata = new Set(['168.63.129.16']);

/**
 * Whether an address may be connected to: unicast on the public internet. IPv6 forms that carry an IPv4 address inside
 * are judged by their range, so 6to4, Teredo and NAT64 are refused as a whole.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address) || address.includes('%')) return false;
  // `process` takes ::ffff:10.0.0.1 for the 10.0.0.1 that it reaches.
  const parsed = ipaddr.process(address);
  if (metadata.has(parsed.toString())) return false;
  if (parsed.kind() === 'ipv6') {
    // Site-local addresses are no longer given out, and still lead inwards where they were; so do IPv4-compatible ones.
    const [first = 0] = (parsed as ipaddr.IPv6).parts;
    if ((first & 0xffc0) === 0xfec0 || parsed.match(ipaddr.parseCIDR('::/96'))) return false;
  }
  return parsed.range() === 'unicast';
}

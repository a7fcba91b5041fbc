import { BlockList, isIP } from 'node:net';

/** Which addresses notifications may go to: all of the internet, and of private networks what the operator allows. */
export interface AddressRules {
  /**
   * Whether the server may connect to an address for a host. Asked of the very address that is connected to, so that a name
   * that resolves to something else a moment later leads nowhere.
   *
   * @param address in the form of `isIP`, without brackets.
   * @param host what stands in the URL: a name, or the address itself.
   */
  allows(address: string, host: string): boolean;
  /** Whether a host of a URL is known to be closed before it is looked up: a private address, or a name of this machine. */
  isClosed(host: string): boolean;
}

/** @param allowed addresses, networks such as `10.1.0.0/16` and host names; see {@link isAddressRule}. */
export function createAddressRules(allowed: readonly string[]): AddressRules {
  const names = new Set(allowed.filter((rule) => !isAddress(rule)).map((rule) => rule.toLowerCase()));
  const open = blockListOf(allowed.filter(isAddress));
  const allows = (address: string, host: string): boolean => {
    const plain = unmapped(address);
    return !isPrivate(plain) || names.has(host.toLowerCase()) || holds(open, plain);
  };
  return {
    allows,
    isClosed: (host) => {
      const plain = hostOf(host);
      if (isIP(plain) !== 0) return !allows(plain, plain);
      return isLocalName(plain) && !['127.0.0.1', '::1'].some((address) => allows(address, plain));
    },
  };
}

/** The host of a URL without the brackets of IPv6, and without the dot that may end a full name. */
export function hostOf(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/[.]$/, '');
}

/** Whether a text is an address, or a network in the form `10.0.0.0/8`. */
function isAddress(rule: string): boolean {
  return isIP(rule.replace(/\/\d+$/, '')) !== 0;
}

function isLocalName(name: string): boolean {
  return /^(.*[.])?localhost$/i.test(name);
}

/** What is not of the public internet (IANA's registries of special addresses), and where clouds keep their credentials. */
const PRIVATE = blockListOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  // Multicast, reserved, broadcast.
  '224.0.0.0/3',
  // The metadata service of Azure; those of others are link-local, of 100.64.0.0/10 or unique local.
  '168.63.129.16',
  // Unspecified, loopback, and IPv4 in a form that nobody should use any more.
  '::/96',
  '64:ff9b:1::/48',
  '100::/64',
  // Teredo and other special uses, documentation, 6to4.
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  // Unique local, link-local, site-local, multicast.
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]);

function isPrivate(address: string): boolean {
  return holds(PRIVATE, address);
}

/** The IPv4 address in one of IPv6 that stands for it: `::ffff:10.0.0.1`, and through NAT64 `64:ff9b::10.0.0.1`. */
function unmapped(address: string): string {
  if (isIP(address) !== 6) return address;
  const plain = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
  const [, high, low] = /^(?:::ffff:|64:ff9b::)(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/.exec(plain) ?? [];
  if (low === undefined) return plain;
  const bits = [parseInt(high ?? '0', 16), parseInt(low, 16)];
  return bits.flatMap((word) => [word >> 8, word & 255]).join('.');
}

function holds(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function blockListOf(rules: readonly string[]): BlockList {
  const list = new BlockList();
  for (const rule of rules) {
    const [address = '', prefix] = rule.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

import { isIPv6 } from 'node:net';

const BLOCK = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;
const IPV6_BLOCK = /^([^/%]+)\/(\d{1,3})$/;
const PRIVATE_BLOCKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];
const SMALLEST_PREFIX = 16;
const LARGEST_PREFIX = 24;

interface Block {
  /** The address as an unsigned 32-bit number. */
  readonly address: number;
  readonly prefix: number;
}

/**
 * What is wanted of a VPC's IPv4 block, when the text is not one that we accept.
 *
 * A VPC may be /16 to /28; below /24 three Availability Zones with public and private subnets no longer fit.
 *
 * @returns what the text should have been, or undefined when it is good.
 */
export function wantedOfVpcCidr(text: string): string | undefined {
  const block = parseBlock(text);
  if (block === undefined) return 'an IPv4 block such as 10.10.0.0/16';
  if (block.prefix < SMALLEST_PREFIX || block.prefix > LARGEST_PREFIX) {
    return `a block between /${SMALLEST_PREFIX} and /${LARGEST_PREFIX}`;
  }
  if (!PRIVATE_BLOCKS.some((range) => contains(range, block))) {
    return `a private block, inside ${PRIVATE_BLOCKS.slice(0, -1).join(', ')} or ${PRIVATE_BLOCKS.at(-1)}`;
  }
  const network = networkAddress(block.address, block.prefix);
  return network === block.address ? undefined : `the block's first address: ${dotted(network)}/${block.prefix}`;
}

/** Whether a text is a block of IPv4 or IPv6 addresses, `203.0.113.0/24` or `2001:db8::/32`, as AWS takes one in a rule. */
export function isAddressBlock(text: string): boolean {
  const [, address = '', prefix = ''] = IPV6_BLOCK.exec(text) ?? [];
  return (
    parseBlock(text) !== undefined || (isIPv6(address) && String(Number(prefix)) === prefix && Number(prefix) <= 128)
  );
}

function parseBlock(text: string): Block | undefined {
  const match = BLOCK.exec(text);
  if (match === null) return undefined;
  const numbers = match.slice(1).map(Number);
  // "010" is eight to some programs and ten to others: AWS refuses it, and so do we.
  const written = `${numbers.slice(0, 4).join('.')}/${numbers[4]}`;
  if (written !== text || numbers.slice(0, 4).some((octet) => octet > 255)) return undefined;
  const prefix = numbers[4] ?? 0;
  return prefix > 32
    ? undefined
    : { address: numbers.slice(0, 4).reduce((sum, octet) => sum * 256 + octet, 0), prefix };
}

function contains(range: string, block: Block): boolean {
  const outer = parseBlock(range);
  return outer !== undefined && networkAddress(block.address, outer.prefix) === outer.address;
}

function networkAddress(address: number, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return Math.floor(address / size) * size;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

import { type Billed, type Charge, unknown } from '../charge';
import { blockOf, blocksOf, numberOf, type Properties, textOf } from '../template';
import type { Rule } from './rule';

const FREE_IOPS = 3000;
const FREE_THROUGHPUT = 125;

export const volume: Rule = (properties) => ofDisk(1, properties, 'always');

/** The disks of a number of hosts, as their launch template or instance describes them. */
export function diskCharges(hosts: number, mappings: unknown, billed: Billed): Charge[] {
  const disks = blocksOf(mappings).filter(({ Ebs }) => Ebs !== undefined);
  if (disks.length === 0) return [unknown('disk', 'the image decides its size')];
  return disks.flatMap(({ Ebs }) => ofDisk(hosts, toVolume(blockOf(Ebs)), billed));
}

function toVolume({ VolumeSize, ...rest }: Properties): Properties {
  return { ...rest, Size: VolumeSize };
}

function ofDisk(count: number, disk: Properties, billed: Billed): Charge[] {
  const size = numberOf(disk.Size);
  // CloudFormation's own default.
  const type = textOf(disk.VolumeType) ?? 'gp2';
  if (size === undefined) return [unknown(`${type} disk`, 'the template does not say its size')];
  const what = `${count > 1 ? `${count} × ` : ''}${size} GiB ${type} disk`;
  if (type === 'gp2') return [{ kind: 'rate', what, rate: 'gp2Gb', amount: count * size, billed }];
  if (type !== 'gp3') return [unknown(what, `no rate of ${type} is known here`)];
  const iops = Math.max(0, (numberOf(disk.Iops) ?? FREE_IOPS) - FREE_IOPS);
  const throughput = Math.max(0, (numberOf(disk.Throughput) ?? FREE_THROUGHPUT) - FREE_THROUGHPUT);
  const parts: Array<readonly ['gp3Gb' | 'gp3Iops' | 'gp3Throughput', number]> = [
    ['gp3Gb', size],
    ['gp3Iops', iops],
    ['gp3Throughput', throughput],
  ];
  return parts
    .filter(([, amount]) => amount > 0)
    .map(([rate, amount]) => ({ kind: 'rate', what, rate, amount: count * amount, billed }));
}

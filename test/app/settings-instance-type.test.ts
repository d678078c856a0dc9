import { describe, expect, test } from 'vitest';
import { architectureOf, INSTANCE_TYPE } from '../../app/settings/instance-type';

const GRAVITON = [
  't4g.small',
  'm6g.medium',
  'm6gd.large',
  'm7g.large',
  'm8g.metal-24xl',
  'c6gn.xlarge',
  'c7gn.16xlarge',
  'c8gb.large',
  'r8g.large',
  'r8gd.2xlarge',
  'r8gn.large',
  'im4gn.large',
  'is4gen.medium',
  'i4g.large',
  'i8ge.large',
  'x2gd.medium',
  'x8g.large',
  'g5g.xlarge',
  'hpc7g.4xlarge',
  'a1.large',
];

const INTEL_AND_AMD = [
  't2.micro',
  't3.small',
  't3a.small',
  'm4.xlarge',
  'm7i.large',
  'm7i-flex.large',
  'm7a.medium',
  'm8id.large',
  'c5n.18xlarge',
  'c7i.metal-24xl',
  'r7iz.metal-32xl',
  'x2iezn.2xlarge',
  'x8aedz.large',
  'z1d.large',
  'i7ie.large',
  'd3en.xlarge',
  'g4dn.xlarge',
  'g4ad.xlarge',
  'g5.xlarge',
  'g6e.xlarge',
  'gr6.4xlarge',
  'hpc7a.12xlarge',
  'p5en.48xlarge',
  'inf2.xlarge',
];

describe('the CPU architecture of an instance type', () => {
  test.each(GRAVITON)('%s is arm64', (type) => {
    expect(type).toMatch(INSTANCE_TYPE);
    expect(architectureOf(type)).toBe('arm64');
  });

  test.each(INTEL_AND_AMD)('%s is x86_64', (type) => {
    expect(type).toMatch(INSTANCE_TYPE);
    expect(architectureOf(type)).toBe('x86_64');
  });
});

test.each([
  '',
  't3',
  't3.',
  '.small',
  't3-small',
  'T3.small',
  't3.Small',
  't3.small ',
  't.small',
  't3.tiny',
  'mac2.metal',
  'mac1.metal',
])('%j is no instance type of ours', (type) => {
  expect(type).not.toMatch(INSTANCE_TYPE);
});

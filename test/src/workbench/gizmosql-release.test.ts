import { InstanceArchitecture, InstanceType } from 'aws-cdk-lib/aws-ec2';
import { describe, expect, test } from 'vitest';
import { Capacity, GizmoSqlRelease } from '../../../src';
import { textOf, propertiesOf } from '../../support/template';
import { hostTemplate } from '../../support/workbench';

const AMD64 = 'a'.repeat(64);
const ARM64 = 'b'.repeat(64);

describe('fails', () => {
  test('with a version whose checksums are not known, and says what to do', () => {
    expect(() => GizmoSqlRelease.known('9.9.9')).toThrow(
      'the checksums of GizmoSQL 9.9.9 are not known, expected one of 1.40.0: use GizmoSqlRelease.of(version, checksums) ' +
        'with the sha256 that you trust',
    );
  });

  test.each(['v1.40.0', '1.40', 'latest', ''])('with the version "%s"', (version) => {
    expect(() => GizmoSqlRelease.of(version, { amd64: AMD64, arm64: ARM64 })).toThrow(
      `GizmoSQL version "${version}" is not of the form 1.40.0`,
    );
  });

  test.each([
    ['amd64', { amd64: 'abc', arm64: ARM64 }, 'abc'],
    ['arm64', { amd64: AMD64, arm64: ARM64.toUpperCase() }, ARM64.toUpperCase()],
    ['amd64 that is too long', { amd64: `${AMD64}a`, arm64: ARM64 }, `${AMD64}a`],
  ])('with a checksum that is none, of %s', (_name, checksums, wrong) => {
    expect(() => GizmoSqlRelease.of('1.41.0', checksums)).toThrow(
      `GizmoSQL checksum "${wrong}" is not a sha256 of 64 lower-case hexadecimal digits`,
    );
  });
});

test('the default version is one that is known', () => {
  expect(GizmoSqlRelease.KNOWN_VERSIONS).toContain(GizmoSqlRelease.DEFAULT_VERSION);
});

test.each(GizmoSqlRelease.KNOWN_VERSIONS)('version %s has a checksum of its own for each architecture', (version) => {
  const release = GizmoSqlRelease.known(version);
  expect(release.sha256(InstanceArchitecture.ARM_64)).not.toBe(release.sha256(InstanceArchitecture.X86_64));
});

test.each([
  ['t3.small', AMD64],
  ['t4g.small', ARM64],
])('a %s installs the release of its architecture', (type, sha256) => {
  const template = hostTemplate({
    capacity: Capacity.onDemand({ instanceType: new InstanceType(type) }),
    gizmosql: GizmoSqlRelease.of('1.41.0', { amd64: AMD64, arm64: ARM64 }),
  });
  const { UserData } = propertiesOf(template, 'AWS::EC2::LaunchTemplate').LaunchTemplateData as { UserData: unknown };
  expect(textOf(template, UserData)).toContain(`GIZMOSQL_VERSION="1.41.0"\nGIZMOSQL_SHA256="${sha256}"\n`);
});

import { InstanceArchitecture } from 'aws-cdk-lib/aws-ec2';

/** The sha256 of a release's zip, for each processor architecture it is published for. */
export interface GizmoSqlChecksums {
  /** Of `gizmosql_cli_linux_amd64.zip`; 64 hexadecimal digits. */
  readonly amd64: string;

  /** Of `gizmosql_cli_linux_arm64.zip`; 64 hexadecimal digits. */
  readonly arm64: string;
}

/**
 * The vendor publishes no checksums beside its releases; these are from its own Homebrew tap.
 * Only releases from 1.31.1 on run on Amazon Linux 2023 and drain gracefully.
 */
const KNOWN: Record<string, GizmoSqlChecksums> = {
  '1.40.0': {
    amd64: '5d9723814f7fd0e11498648bc94a8b08ced4a5f1a33c15f02a36343db34f41bf',
    arm64: '27e6d6ecad584308d73ce1d077616587148943a7078ad074470210113e6fd6d1',
  },
};

/**
 * A GizmoSQL release, pinned by version and checksum: the host refuses to install a download that differs.
 */
export class GizmoSqlRelease {
  /** Versions whose checksums this package knows, newest first. */
  public static readonly KNOWN_VERSIONS: string[] = Object.keys(KNOWN).reverse();

  /** The version installed unless another is asked for. */
  public static readonly DEFAULT_VERSION: string = '1.40.0';

  /**
   * A release whose checksums this package knows.
   *
   * @param version `1.40.0` and so on; see `KNOWN_VERSIONS`
   */
  public static known(version: string): GizmoSqlRelease {
    const checksums = KNOWN[version];
    if (checksums === undefined) {
      throw new Error(
        `the checksums of GizmoSQL ${version} are not known, expected one of ${GizmoSqlRelease.KNOWN_VERSIONS.join(', ')}: ` +
          'use GizmoSqlRelease.of(version, checksums) with the sha256 that you trust',
      );
    }
    return new GizmoSqlRelease(version, checksums);
  }

  /** Any other release, with the checksums that you vouch for. */
  public static of(version: string, checksums: GizmoSqlChecksums): GizmoSqlRelease {
    return new GizmoSqlRelease(version, checksums);
  }

  private constructor(
    /** The version without a leading `v`, as in `1.40.0`. */
    public readonly version: string,
    private readonly checksums: GizmoSqlChecksums,
  ) {
    if (!/^\d+\.\d+\.\d+$/.test(version)) {
      throw new Error(`GizmoSQL version "${version}" is not of the form 1.40.0`);
    }
    for (const sha256 of [checksums.amd64, checksums.arm64]) {
      if (!/^[0-9a-f]{64}$/.test(sha256)) {
        throw new Error(`GizmoSQL checksum "${sha256}" is not a sha256 of 64 lower-case hexadecimal digits`);
      }
    }
  }

  /** The sha256 of the zip for a processor architecture. */
  public sha256(architecture: InstanceArchitecture): string {
    return architecture === InstanceArchitecture.ARM_64 ? this.checksums.arm64 : this.checksums.amd64;
  }
}

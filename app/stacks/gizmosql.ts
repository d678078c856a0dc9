import { GizmoSqlRelease } from '../../src';
import type { Settings } from '../settings';

/** The release that the settings name. */
export function releaseOf({ version, sha256 }: Settings['gizmosql']): GizmoSqlRelease {
  return sha256 === undefined
    ? GizmoSqlRelease.known(version)
    : GizmoSqlRelease.of(version, { amd64: sha256, arm64: sha256 });
}

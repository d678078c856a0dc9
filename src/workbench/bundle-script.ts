/** Where a host bundle is, and what it must be. Both may be tokens. */
export interface BundleLocation {
  readonly bundleUrl: string;
  readonly bundleDigest: string;
}

const FOLDER = '/opt/tablesleuth/host';

/**
 * Lines of bash that leave the bundle in `/opt/tablesleuth/host`, or stop: taken from S3 unless it is there already, as in
 * an image that was made of the same one, and checked file by file in either case.
 *
 * @param fetchWith what is put before the command that downloads, such as a time limit
 */
export function bundleScript({ bundleUrl, bundleDigest }: BundleLocation, fetchWith = ''): string[] {
  return [
    'bundle_digest() {',
    `  cd ${FOLDER} 2> /dev/null && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1`,
    '}',
    `mkdir -p /etc/tablesleuth /opt/tablesleuth`,
    `if [ "$(bundle_digest)" != "${bundleDigest}" ]; then`,
    `  rm -rf ${FOLDER}`,
    `  ${fetchWith}aws s3 cp --only-show-errors "${bundleUrl}" ${FOLDER}.zip`,
    `  python3 -m zipfile -e ${FOLDER}.zip ${FOLDER}`,
    `  rm -f ${FOLDER}.zip`,
    '  digest=$(bundle_digest)',
    `  if [ "$digest" != "${bundleDigest}" ]; then`,
    `    echo "host bundle ${bundleUrl} has digest $digest, expected ${bundleDigest}: deploy again to upload it anew"`,
    '    exit 1',
    '  fi',
    'fi',
  ];
}

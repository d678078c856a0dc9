import path from 'node:path';

/** What a person's own environment may pass on: how programs are found and how text is shown. Nothing of AWS. */
const INHERITED = ['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TERM', 'COLORTERM', 'NO_COLOR', 'FORCE_COLOR', 'USER'];

/** The account's own key pair, made anew for each start. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface CleanEnvironmentOptions {
  readonly stateDirectory: string;
  readonly region: string;
  readonly keys: KeyPair;
}

/**
 * An environment in which no AWS program can find the person's own credentials, profiles or caches: a home folder of
 * its own, files that do not exist for its configuration, and a key pair that means something to the emulator alone.
 */
export function cleanEnvironment(
  person: NodeJS.ProcessEnv,
  { stateDirectory, region, keys }: CleanEnvironmentOptions,
): NodeJS.ProcessEnv {
  const home = path.join(stateDirectory, 'home');
  return {
    ...Object.fromEntries(INHERITED.filter((name) => person[name]).map((name) => [name, person[name]])),
    HOME: home,
    TMPDIR: path.join(stateDirectory, 'tmp'),
    CDK_HOME: path.join(home, '.cdk'),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CDK_DISABLE_VERSION_CHECK: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '1',
    NO_PROXY: '*',
    no_proxy: '*',
    AWS_CONFIG_FILE: path.join(home, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: path.join(home, 'no-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
  };
}

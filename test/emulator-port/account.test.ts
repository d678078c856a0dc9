import { describe, expect, test } from 'vitest';
import { assertLoopback } from '../../emulator/account';
import { cleanEnvironment } from '../../emulator/environment';

describe('assertLoopback', () => {
  test.each([
    'https://s3.us-east-2.amazonaws.com',
    'http://10.0.0.1:4566',
    'http://0.0.0.0:4566',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com:4566',
    'http://user@192.168.0.1',
    'not a url',
    '',
  ])('fails for %j, and says what is wanted', (endpoint) => {
    expect(() => assertLoopback(endpoint)).toThrow(/is not on this machine.*Wanted: an http URL on 127\.0\.0\.1/s);
  });

  test.each(['http://127.0.0.1:4566', 'http://127.1.2.3', 'http://[::1]:4566', 'http://localhost:4566'])(
    'accepts %s',
    (endpoint) => {
      expect(() => assertLoopback(endpoint)).not.toThrow();
    },
  );
});

describe('cleanEnvironment', () => {
  const person = {
    PATH: '/usr/bin',
    HOME: '/home/person',
    AWS_PROFILE: 'production',
    AWS_ACCESS_KEY_ID: 'AKIAPERSON',
    AWS_SECRET_ACCESS_KEY: 'secret-of-the-person',
    AWS_SESSION_TOKEN: 'token-of-the-person',
    AWS_CONFIG_FILE: '/home/person/.aws/config',
    AWS_ENDPOINT_URL: 'https://elsewhere.example.com',
    CDK_DEFAULT_ACCOUNT: '123456789012',
    HTTPS_PROXY: 'http://proxy.example.com',
    NODE_OPTIONS: '--require=./something',
  };
  const keys = { accessKeyId: 'EMULATED1', secretAccessKey: 'of-the-emulator' };
  const clean = cleanEnvironment(person, { stateDirectory: '/state', region: 'eu-west-1', keys });

  test('passes on how to find programs, and nothing else of the person’s', () => {
    expect(clean.PATH).toBe('/usr/bin');
    const values = Object.values(clean).join('\n');
    for (const theirs of ['/home/person', 'production', 'AKIAPERSON', 'of-the-person', '123456789012', 'example.com']) {
      expect(values).not.toContain(theirs);
    }
    expect(clean.NODE_OPTIONS).toBeUndefined();
  });

  test('keeps every cache and configuration file below the state folder', () => {
    for (const name of ['HOME', 'TMPDIR', 'CDK_HOME', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) {
      expect(clean[name]).toMatch(/^\/state\//);
    }
  });

  test('has a key pair and region of its own, and asks no metadata service', () => {
    expect(clean).toMatchObject({
      AWS_ACCESS_KEY_ID: 'EMULATED1',
      AWS_SECRET_ACCESS_KEY: 'of-the-emulator',
      AWS_REGION: 'eu-west-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
  });
});

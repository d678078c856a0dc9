#!/usr/bin/env node
// Stands where the CDK CLI looks for `docker` (`CDK_DOCKER`), for a machine or an account without a container daemon. It
// builds no image and pushes none: it writes down which folder the Dockerfile would copy and how it would start, and a
// container in the emulated account is a process in that folder, with the programs and packages of this machine.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readDockerfile } from './dockerfile.mjs';

const IMAGES = process.env.TABLESLEUTH_CONTAINER_IMAGES;

/** Options of `docker build` with a value after a space, as the CDK CLI writes them. */
const WITH_VALUE = ['--tag', '--file', '--platform', '--target', '--network', '--build-arg', '--secret', '--ssh'];

const COMMANDS = {
  inspect: ([name]) => (existsSync(record(name)) ? 0 : 1),
  build,
  tag: ([from, to]) => {
    cpSync(record(from), record(to));
    return 0;
  },
  login: () => 0,
  push: ([name]) => {
    if (!existsSync(record(name))) throw new Error(`no image ${name} was built`);
    say(`${name} is recorded on this machine; nothing is pushed`);
    return 0;
  },
};

function build(args) {
  const options = {};
  for (let index = 0; index < args.length; index += 1) {
    if (WITH_VALUE.includes(args[index])) options[args[index]] = args[(index += 1)];
  }
  const { base, copies, ...image } = readDockerfile(readFileSync(options['--file'] ?? 'Dockerfile', 'utf8'));
  const folder = path.join(IMAGES, `${encodeURIComponent(options['--tag'])}.files`);
  rmSync(folder, { recursive: true, force: true });
  for (const { sources, target } of copies) sources.forEach((source) => copy(source, folder, target));
  writeWhole(record(options['--tag']), JSON.stringify({ ...image, base, folder }));
  say(`recorded what ${base} would be built into; no image is made`);
  return 0;
}

/** As COPY does: the content of a folder, and a file into a folder where the target's name ends in a slash. */
function copy(source, folder, target) {
  const isInto = target.endsWith('/') || target.endsWith('/.');
  const to = path.join(folder, isInto && statSync(source).isFile() ? path.join(target, path.basename(source)) : target);
  mkdirSync(path.dirname(to), { recursive: true });
  cpSync(source, to, { recursive: true });
}

/** By repository and tag: the registry has one name in a template, and another one on this machine. */
function record(name) {
  return path.join(IMAGES, `${encodeURIComponent(name.split('/').at(-1))}.json`);
}

function writeWhole(file, text) {
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}

function say(line) {
  process.stderr.write(`emulated account: ${line}\n`);
}

try {
  if (IMAGES === undefined) throw new Error('TABLESLEUTH_CONTAINER_IMAGES has to name a folder');
  mkdirSync(IMAGES, { recursive: true });
  const [command, ...args] = process.argv.slice(2);
  if (COMMANDS[command] === undefined) throw new Error(`docker ${command} is not done here`);
  process.exitCode = COMMANDS[command](args);
} catch (error) {
  say(error.message);
  process.exitCode = 2;
}

/**
 * What a container of an image is started with, as far as the last stage of its Dockerfile says.
 *
 * @typedef {{ readonly base: string, readonly workdir: string, readonly user: string, readonly entrypoint: string[],
 *   readonly command: string[], readonly environment: Record<string, string>,
 *   readonly copies: ReadonlyArray<{ readonly sources: string[], readonly target: string }> }} Image
 */

/**
 * Reads the last stage of a Dockerfile. Its `RUN` lines and what it copies from other stages are left out: packages and
 * the programs of the base image are those of this machine.
 *
 * @param {string} text
 * @returns {Image}
 */
export function readDockerfile(text) {
  const lines = instructionsOf(text);
  const first = lines.findLastIndex(([name]) => name === 'FROM');
  if (first === -1) throw new Error('the Dockerfile has no FROM');
  const image = {
    base: lines[first][1].split(/\s+/)[0],
    workdir: '/',
    user: 'root',
    entrypoint: [],
    command: [],
    environment: {},
    copies: [],
  };
  for (const [name, rest] of lines.slice(first + 1)) {
    const take = INSTRUCTIONS[name];
    if (take === undefined) throw new Error(`${name} of a Dockerfile is not read here`);
    take(image, rest);
  }
  return image;
}

const IGNORED = () => undefined;

/** What each instruction changes in the image, given what follows it. */
const INSTRUCTIONS = {
  RUN: IGNORED,
  VOLUME: IGNORED,
  LABEL: IGNORED,
  EXPOSE: IGNORED,
  WORKDIR: (image, rest) => (image.workdir = within(image.workdir, rest)),
  USER: (image, rest) => (image.user = rest),
  ENTRYPOINT: (image, rest) => (image.entrypoint = JSON.parse(rest)),
  CMD: (image, rest) => (image.command = JSON.parse(rest)),
  ENV: (image, rest) => {
    for (const [, key, value] of rest.matchAll(/(\w+)=(\S*)/g)) image.environment[key] = value;
  },
  COPY: (image, rest) => {
    if (rest.startsWith('--from=')) return;
    const paths = rest.split(/\s+/).filter((part) => !part.startsWith('--'));
    image.copies.push({ sources: paths.slice(0, -1), target: within(image.workdir, paths.at(-1)) });
  },
};

/** Instructions and what follows them, without comments and with continued lines as one. */
function instructionsOf(text) {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  return lines
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const [name, ...rest] = line.split(/\s+/);
      return [name.toUpperCase(), rest.join(' ')];
    });
}

function within(folder, path) {
  return path.startsWith('/') ? path : `${folder.replace(/\/$/, '')}/${path.replace(/^\.\//, '')}`;
}

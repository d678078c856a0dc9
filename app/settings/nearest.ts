import { closest, distance } from 'fastest-levenshtein';

/** The known word that a person most likely meant, or undefined when none is near. Case and dashes do not count. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const plainWord = plain(word);
  const candidate = closest(plainWord, known.map(plain));
  // A third of the word: one slip in region, two letters swapped in prod.
  if (distance(plainWord, candidate) > Math.ceil(candidate.length / 3)) return undefined;
  return known.find((name) => plain(name) === candidate);
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9.]/g, '');
}

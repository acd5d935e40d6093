/** Chance as an argument: the next number, uniform in [0, 1). */
export type Random = () => number;

/** The machine's own chance: not repeatable, and not for secrets. */
export const systemRandom: Random = Math.random;

/**
 * Repeatable chance: equal seeds give equal sequences on every machine.
 *
 * Chris Doty-Humphrey's sfc32, with 32 bits of each number random; never for secrets.
 */
export function seededRandom(seed: number): Random {
  let a = 0;
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;
  const next: Random = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The reference implementation's number of rounds until near seeds have parted.
  for (let round = 0; round < 12; round++) {
    next();
  }
  return next;
}

/** The items in an order that is equally likely to be any (Fisher-Yates); the given list is left as it is. */
export function shuffle<T>(items: readonly T[], random: Random): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[chosen]] = [shuffled[chosen] as T, shuffled[last] as T];
  }
  return shuffled;
}

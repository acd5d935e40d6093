import type { Random } from '#lib/random.ts';

/** A length of time or another amount, drawn evenly between two bounds. */
export type Range = readonly [least: number, most: number];

/** A number of the range. */
export function draw([least, most]: Range, random: Random): number {
  return least === most ? least : least + Math.floor(random() * (most - least + 1));
}

/** Whether something with that chance happens now; takes no random number where the answer is sure. */
export function happens(chance: number, random: Random): boolean {
  return chance > 0 && (chance >= 1 || random() < chance);
}

/** Whether a value read from JSON is a range of amounts, none below 0. */
export function isRange(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) {
    return false;
  }
  const [least, most] = value as unknown[];
  return isAmount(least) && isAmount(most) && least <= most;
}

/** Whether a value read from JSON is a number, and not below 0. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

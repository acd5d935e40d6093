import type { Random } from '#lib/random.ts';

/** So many hexadecimal digits by chance. */
export function hexDigits(count: number, random: Random): string {
  let digits = '';
  while (digits.length < count) {
    digits += Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  }
  return digits.slice(0, count);
}

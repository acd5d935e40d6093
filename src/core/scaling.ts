/** A few units in the last place: the most that writing a decimal ratio in binary and one multiplication can be off. */
const roundingError = 2 ** -50;

/**
 * The whole capacity that `tasks` tasks ask for at a scaling ratio, rounded up: 12 tasks at 0.3 ask for 4.
 *
 * A product that is whole in decimals counts as whole: 100 × 0.07 is 7.000000000000001 in binary and yet asks for 7, not 8.
 */
export function capacityFor(tasks: number, scalingRatio: number): number {
  const exact = tasks * scalingRatio;
  const nearest = Math.round(exact);
  return Math.abs(exact - nearest) <= exact * roundingError ? nearest : Math.ceil(exact);
}

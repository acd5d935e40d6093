/** Where Compute Engine's resources say that they are, whatever address they are asked at. */
const base = 'https://www.googleapis.com/compute/v1/';

/** The URL of a resource. @param path e.g. `projects/p/zones/z` */
export function linkTo(path: string): string {
  return base + path;
}

const offsetMs = 8 * 3_600_000;

/** A time as Compute Engine writes it: RFC 3339 with milliseconds, in the Pacific zone (here without summer time). */
export function timestamp(ms: number): string {
  return new Date(ms - offsetMs).toISOString().replace('Z', '-08:00');
}

/** Texts of HTTP statuses, as operations show them. */
export const statusTexts: Readonly<Record<number, string>> = {
  400: 'BAD REQUEST',
  403: 'FORBIDDEN',
  404: 'NOT FOUND',
  409: 'CONFLICT',
  429: 'TOO MANY REQUESTS',
  500: 'INTERNAL SERVER ERROR',
  503: 'SERVICE UNAVAILABLE',
};

/** A number that follows from a name: for ids of things that are not kept. */
export function idOf(name: string): string {
  return String([...Buffer.from(name)].reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7) + 1000);
}

/**
 * The two formats our schemas use. They are as lenient as users of the service are used to (spec/api.md 0.1), so a
 * validator must be given these and not its own.
 */
const dateTimePattern =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?$/;

const emailPattern =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/i;

const longestEmail = 320;

/** The start of a day, or undefined when the calendar has no such day. */
function dayAt(year: number, month: number, day: number): Date | undefined {
  const instant = new Date(0);
  instant.setUTCFullYear(year, month - 1, day);
  return instant.getUTCMonth() === month - 1 && instant.getUTCDate() === day ? instant : undefined;
}

function isTimeOfDay(hour: number, minute: number, second: number): boolean {
  return hour <= 23 && minute <= 59 && second <= (minute === 59 ? 60 : 59);
}

/**
 * Reads an instant: `T`, `t` or a space between date and time, `Z`, `z`, an offset or nothing as zone. Without a zone
 * it is UTC, whatever the zone of this machine. Fractions beyond milliseconds are cut. A leap second is the first
 * instant of the next minute. Instants outside the years 0 to 9999 are refused: they have no such text again.
 * @returns undefined when the text is no such instant.
 */
export function readDateTime(text: string): Date | undefined {
  const match = dateTimePattern.exec(text);
  if (match === null) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  const instant = dayAt(part(1), part(2), part(3));
  const isTime = isTimeOfDay(part(4), part(5), part(6)) && isTimeOfDay(part(9), part(10), 0);
  if (instant === undefined || !isTime) return undefined;
  const offsetMinutes = (part(9) * 60 + part(10)) * (match[8] === '-' ? -1 : 1);
  const millisecond = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  instant.setUTCHours(part(4), part(5) - offsetMinutes, part(6), millisecond);
  const year = instant.getUTCFullYear();
  return year >= 0 && year <= 9999 ? instant : undefined;
}

/** Whether a text is an instant that `readDateTime` reads. */
export function isDateTime(text: string): boolean {
  return readDateTime(text) !== undefined;
}

/** Whether a text looks like an e-mail address with a dotted domain. */
export function isEmail(text: string): boolean {
  return text.length <= longestEmail && emailPattern.test(text);
}

/** The formats by the names that schemas use. */
export const formats = { 'date-time': isDateTime, email: isEmail } as const;

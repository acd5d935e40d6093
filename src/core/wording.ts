const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** A number with its noun: `1 machine`, `12 machines`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A length of time in the largest unit that keeps it readable: `45 s`, `12 min`, `2.5 h`. */
export function lasting(ms: number): string {
  if (ms < 2 * minuteMs) return `${Math.round(ms / secondMs)} s`;
  if (ms < 2 * hourMs) return `${Math.round(ms / minuteMs)} min`;
  return `${Math.round((ms / hourMs) * 10) / 10} h`;
}

/** The first few of many: `a, b, c and 7 more`. */
export function listed(items: readonly string[], atMost = 3): string {
  const rest = items.length - atMost;
  return rest > 0 ? `${items.slice(0, atMost).join(', ')} and ${rest} more` : items.join(', ');
}

/** Those amounts that are not nothing: `['3 idle']` for `{ idle: 3, booting: 0 }`. */
export function amounts(byName: Readonly<Record<string, number>>): string[] {
  return Object.entries(byName)
    .filter(([, amount]) => amount !== 0)
    .map(([name, amount]) => `${amount} ${name}`);
}

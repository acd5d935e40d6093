/** Values by their JSON. Emptied when it is full: what is in use lives on where it is used. */
const known = new Map<string, unknown>();
const mostKnown = 2000;

/** An equal value that is known already, or the one given: ten thousand equal instances share their large parts. */
export function intern<T>(value: T): T {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const key = JSON.stringify(value);
  const found = known.get(key);
  if (found !== undefined) {
    return found as T;
  }
  if (known.size >= mostKnown) {
    known.clear();
  }
  known.set(key, value);
  return value;
}

/** A call to `/_sim`, with its path's last parts and the JSON of its body, or undefined where it has none. */
export interface ControlCall<Cloud> {
  cloud: Cloud;
  /** What the first group of the route's path matched, decoded. */
  part: string;
  query: URLSearchParams;
  json: unknown;
}

/** A control of a simulated cloud: answers a value, or undefined for `{}`. */
export type ControlRoute<Cloud> = readonly [
  method: string,
  path: RegExp,
  handler: (call: ControlCall<Cloud>) => unknown,
];

/**
 * Answers a call below `/_sim`, in JSON. A RangeError of its handler means that something does not exist (404), a
 * TypeError that something does not fit (400).
 *
 * @param url path and query below `/_sim`.
 */
export function answerControl<Cloud>(
  routes: readonly ControlRoute<Cloud>[],
  cloud: Cloud,
  request: { method: string; url: string; body: string },
): { status: number; body: string } {
  const { method, url, body } = request;
  const { pathname, searchParams } = new URL(url, 'http://simulator');
  const route = routes.find(([routeMethod, path]) => routeMethod === method && path.test(pathname));
  if (route === undefined) {
    return problem(404, `the simulator has no ${method} ${pathname}`);
  }
  const [, path, handler] = route;
  try {
    const json: unknown = body === '' ? undefined : JSON.parse(body);
    const answer = handler({
      cloud,
      part: decodeURIComponent(path.exec(pathname)?.[1] ?? ''),
      query: searchParams,
      json,
    });
    return { status: 200, body: JSON.stringify(answer ?? {}) };
  } catch (error) {
    if (error instanceof RangeError) {
      return problem(404, error.message);
    }
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof URIError) {
      return problem(400, error.message);
    }
    throw error;
  }
}

/** A member of a JSON object; undefined where there is none. @throws TypeError where it is no number. */
export function numberIn(json: unknown, name: string): number | undefined {
  const value: unknown =
    typeof json === 'object' && json !== null ? Object.entries(json).find(([key]) => key === name)?.[1] : undefined;
  if (value !== undefined && typeof value !== 'number') {
    throw new TypeError(`${name} must be a number`);
  }
  return value;
}

/** A member of a JSON object that is one of some words. @throws TypeError where it is none of them. */
export function wordIn<Word extends string>(json: unknown, name: string, words: readonly Word[]): Word {
  const value: unknown =
    typeof json === 'object' && json !== null ? Object.entries(json).find(([key]) => key === name)?.[1] : undefined;
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) {
    throw new TypeError(`${name} must be one of ${words.join(', ')}`);
  }
  return word;
}

function problem(status: number, message: string): { status: number; body: string } {
  return { status, body: JSON.stringify({ error: message }) };
}

/**
 * The shapes of names and tokens, as sources of regular expressions (spec/api.md 0.1), to be read with the `u` flag.
 * Each is anchored unless its comment says otherwise.
 */
export const patterns = {
  /** `<provisionerId>/<workerType>`; the queue's taskQueueId is the same thing. */
  workerPoolId: '^[a-zA-Z0-9-_]{1,38}\\/[a-z]([-a-z0-9]{0,36}[a-z0-9])?$',
  provisionerId: '^[a-zA-Z0-9-_]{1,38}$',
  workerType: '^[a-z]([-a-z0-9]{0,36}[a-z0-9])?$',
  /**
   * providerId, workerGroup, workerId, launchConfigId in bodies; their length (1 to 38) is said beside it. No dots:
   * they are routing-key words.
   */
  identifier: '^([a-zA-Z0-9-_]*)$',
  /** The same names in a URL, where the length has to be in the pattern. */
  identifierInUrl: '^([a-zA-Z0-9-_]{1,38})$',
  /** 22 characters: the URL-safe base64 of a version 4 UUID. */
  slugid: '^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$',
  /** A registration secret or a static worker's secret: two slugids. */
  secret: '^[a-zA-Z0-9_-]{44}$',
  /** Not anchored: any text with one such character in it passes, and workers rely on that (W20). */
  errorKind: '[-a-z0-9]+',
  digits: '^[0-9]+$',
  boolean: '^(true|false)$',
  /** A page token: any text at all; whether it means something is found out when it is read. */
  continuationToken: '^[^]+$',
  errorId: '^[a-zA-Z0-9-_]+$',
  /** An Azure template spec version. */
  templateSpecId:
    '^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.Resources/templateSpecs/[^/]+/versions/[^/]+$',
} as const;

/** A pattern that also takes the empty text. */
export function orEmpty(pattern: string): string {
  return `^$|${pattern}`;
}

/** Whether a text matches one of the patterns above. */
export function matchesPattern(pattern: string, text: string): boolean {
  return new RegExp(pattern, 'u').test(text);
}

import type { Options } from 'amqplib';
import type { ServiceEvent } from '#core/events.ts';
import { routingKey } from '#core/routing-key.ts';

/** One message, ready to be sent. */
export interface Envelope {
  exchange: string;
  routingKey: string;
  /** The payload as JSON. */
  body: Buffer;
}

/** How messages are addressed. */
export interface Addressing {
  /** What the names of all exchanges begin with, e.g. `exchange/taskcluster-worker-manager/v1/`. */
  exchangePrefix: string;
  /** Whether messages about pools name their pool in the routing key; consumers that bind to literal placeholders would miss them (W33). */
  namesPools: boolean;
}

/** The properties of every message (spec/api.md 8.1): kept over a restart of the broker, and meant for nobody in particular. */
export const properties: Readonly<Options.Publish> = {
  persistent: true,
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  CC: [],
};

/**
 * Puts an event into its envelope (spec/api.md 8.2, 8.3).
 * @throws {RangeError} when it has a value that no routing key can carry.
 */
export function envelopeOf(event: ServiceEvent, { exchangePrefix, namesPools }: Addressing): Envelope {
  return {
    exchange: exchangePrefix + event.exchange,
    routingKey: routingKey(event, { namesPools }),
    body: Buffer.from(JSON.stringify(event.payload), 'utf8'),
  };
}

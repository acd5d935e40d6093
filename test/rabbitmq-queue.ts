import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import type { Channel, GetMessage, MessageProperties } from 'amqplib';
import type { TestBroker } from './rabbitmq.ts';

/** A message as its consumer sees it. */
export interface Received {
  exchange: string;
  routingKey: string;
  /** Parsed from its JSON. */
  body: unknown;
  properties: MessageProperties;
}

/** A consumer's queue that outlives the broker. */
export interface TestQueue {
  readonly name: string;
  /** Takes everything out of it, oldest first. */
  receive(): Promise<Received[]>;
}

/**
 * A queue of its own that gets everything sent to these exchanges, which exist.
 * @param settings of the queue, e.g. `{ maxLength: 1, overflow: 'reject-publish' }`.
 */
export async function boundQueue(
  broker: TestBroker,
  exchanges: readonly string[],
  settings: { maxLength?: number; overflow?: string } = {},
): Promise<TestQueue> {
  const name = `test-${randomBytes(6).toString('hex')}`;
  await withChannel(broker, async (channel) => {
    await channel.assertQueue(name, { durable: true, ...settings });
    await Promise.all(exchanges.map((exchange) => channel.bindQueue(name, exchange, '#')));
  });
  return { name, receive: () => withChannel(broker, (channel) => takeAll(channel, name)) };
}

/** Does something at the broker as somebody else. */
export async function withChannel<T>({ address }: TestBroker, run: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await connect({ protocol: 'amqp', ...address });
  try {
    return await run(await connection.createChannel());
  } finally {
    await connection.close();
  }
}

async function takeAll(channel: Channel, queue: string): Promise<Received[]> {
  const received: Received[] = [];
  for (;;) {
    const message: GetMessage | false = await channel.get(queue, { noAck: true });
    if (message === false) return received;
    const { fields, properties, content } = message;
    const body: unknown = JSON.parse(content.toString('utf8'));
    received.push({ exchange: fields.exchange, routingKey: fields.routingKey, body, properties });
  }
}

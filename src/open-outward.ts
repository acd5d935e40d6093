import { exchangePrefix, exchanges } from '#contract/exchanges.ts';
import type { EventSink } from '#core/events.ts';
import type { Mailer } from '#core/mail.ts';
import { noMailer } from '#events/mail/no-mailer.ts';
import { notifyServiceMailer } from '#events/mail/notify-service.ts';
import { smtpMailer } from '#events/mail/smtp.ts';
import { MemorySink } from '#events/memory/memory-sink.ts';
import { PulseSink } from '#events/pulse/pulse-sink.ts';
import { every } from '#lib/every.ts';
import type { LoopParts } from '#loops/parts.ts';
import { watchPulse } from '#telemetry/pulse-watch.ts';
import type { Config } from './config.ts';

/** Where this program tells of what happens. */
export interface Outward {
  sink: EventSink;
  mailer: Mailer;
  /** What the heartbeat asks; rejects when a way out is closed. */
  healthChecks: Record<string, (signal: AbortSignal) => Promise<unknown>>;
}

/** How often a broker that is away is asked for, and that it is away is said (spec/api.md 8.1). */
const brokerEveryMs = 30_000;

/** Opens the ways out: the broker and mail as configured, or what a caller put in their place. They close with the stack. */
export function openOutward(
  config: Config,
  loops: Pick<LoopParts, 'clock' | 'random' | 'log'>,
  given: { sink?: EventSink | undefined; mailer?: Mailer | undefined },
  stack: AsyncDisposableStack,
): Outward {
  const mailer = given.mailer ?? mailerFor(config, loops);
  stack.defer(() => mailer.close());
  if (given.sink === undefined && config.pulse !== null) {
    const sink = openPulse(config.pulse, loops, stack);
    return { sink, mailer, healthChecks: { pulse: (signal) => sink.checkReady(signal) } };
  }
  const sink = given.sink ?? new MemorySink();
  stack.defer(() => sink.close());
  return { sink, mailer, healthChecks: {} };
}

function openPulse(
  address: NonNullable<Config['pulse']>,
  { clock, random, log }: Pick<LoopParts, 'clock' | 'random' | 'log'>,
  stack: AsyncDisposableStack,
): PulseSink {
  const child = log.child('pulse-client');
  const watch = watchPulse(child);
  const names = Object.keys(exchanges);
  const { namesPools } = address;
  const sink = new PulseSink({ address, exchangePrefix, exchanges: names, namesPools, clock, random, watch });
  stack.defer(() => sink.close());
  const ended = new AbortController();
  const onError = (error: unknown): void => child.write('monitor.error', 'warning', { error });
  // Not awaited: a broker that is away keeps messages waiting, and nothing else.
  const asked = every({ clock, intervalMs: brokerEveryMs, signal: ended.signal, onError }, (signal) =>
    sink.checkReady(signal),
  );
  stack.defer(async () => {
    ended.abort();
    await asked;
  });
  return sink;
}

/** SMTP where it is configured; else the deployment's notify service; nobody where there is no deployment around us. */
function mailerFor({ smtp, clients, siblings, credentials }: Config, { clock }: Pick<LoopParts, 'clock'>): Mailer {
  if (smtp !== null) return smtpMailer({ ...smtp, clock });
  return clients === null ? notifyServiceMailer({ rootUrl: siblings.notify, credentials, clock }) : noMailer;
}

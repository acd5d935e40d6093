import type { OutboxEntry } from '#core/events.ts';
import type { Log } from '#core/telemetry.ts';

/** Turns what the connection to the broker reports into log entries (spec/api.md 9.2). */
export function watchPulse(log: Log) {
  return {
    onConnected: (): void => log.write('pulse.connected', 'info', {}),
    onDisconnected: (error: unknown): void => log.write('pulse.disconnected', 'info', { error }),
    onBlocked: (reason: string | null): void =>
      log.write('pulsePublisherBlocked', 'warning', { blocked: reason !== null, reason }),
    onUnsendable: ({ event }: OutboxEntry, error: unknown): void => log.write('monitor.error', 'err', { event, error }),
  };
}

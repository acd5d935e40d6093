import type { Log, Metrics } from '#core/telemetry.ts';
import { CallSummary } from './call-summary.ts';

/** One call to a cloud as providers report it. */
interface Call {
  providerId: string;
  scope: string;
  kind: string;
  operation: string;
  outcome: string;
  durationMs: number;
  attempt: number;
}

/** A pause as providers report it. */
interface Pause {
  providerId: string;
  scope: string;
  kind: string;
  reason: string;
  durationMs: number;
  waiting: number;
}

/** Turns what providers report of their calls into logs and metrics (spec/provisioning.md 5.3). */
export function watchProviders(log: Log, metrics: Metrics) {
  const summaries = new Map<string, CallSummary>();
  const queueName = ({ scope, kind }: Pause): string => `${scope}.${kind}`;
  return {
    onCall(call: Call): void {
      const { providerId, scope, operation, outcome, durationMs } = call;
      const summary = summaries.get(providerId) ?? new CallSummary();
      summaries.set(providerId, summary);
      summary.add(call);
      metrics.count('worker_manager_cloud_calls_total', { providerId, scope, operation, outcome });
      metrics.observe('worker_manager_cloud_call_seconds', { providerId, operation }, durationMs / 1000);
    },
    onPause(pause: Pause): void {
      const { providerId, reason, durationMs, waiting } = pause;
      const fields = { providerId, queueName: queueName(pause), reason, queueSize: waiting, duration: durationMs };
      log.child(`provider.${providerId}`).write('cloud-api-paused', 'warning', fields);
    },
    onResume(pause: Pause): void {
      const { providerId } = pause;
      log
        .child(`provider.${providerId}`)
        .write('cloud-api-resumed', 'notice', { providerId, queueName: queueName(pause) });
    },
    onSetUpFailed(providerId: string, error: unknown): void {
      log.child(`provider.${providerId}`).write('provider-setup-failed', 'err', { providerId, error });
    },
    /** Logs how each provider's calls went since the last time; nothing of one that made none. */
    tellCalls(): void {
      for (const [providerId, summary] of summaries) {
        const figures = summary.figures();
        log.child(`provider.${providerId}`).write('cloud-api-metrics', 'notice', { providerId, ...figures });
      }
      summaries.clear();
    },
  };
}

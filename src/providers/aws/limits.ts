import type { ProviderSurroundings } from '#providers/module.ts';
import { CallGate } from '#providers/call-gate.ts';
import { launchCall } from '#providers/launch-call.ts';
import type { Ec2 } from './ec2.ts';
import { mayHaveHappened, readFailure } from './errors.ts';
import type { CallKind } from './place.ts';
import type { AwsSettings } from './settings.ts';

/**
 * For one attempt. A page of 1,000 instances or a launch of as many can take EC2 many seconds, while the loops end a launch
 * after a minute in all.
 */
const timeoutMs: Readonly<Record<CallKind, number>> = { describe: 30_000, run: 45_000, terminate: 30_000 };
/** A launch that has not been sent by then is better decided anew than left to the loops' time limit. */
const longestWaitMs: Readonly<Record<CallKind, number>> = { describe: 60_000, run: 30_000, terminate: 60_000 };

/** The same calls, each kind in each region at its own pace, repeated where that is worth it, and measured. */
export function limitedEc2(
  ec2: Ec2,
  providerId: string,
  settings: Pick<AwsSettings, 'limit' | 'throttleBackOffMs' | 'homeRegion'>,
  surroundings: Pick<ProviderSurroundings, 'clock' | 'random' | 'watch' | 'signal'>,
): Ec2 {
  const gates = new Map<string, CallGate>();
  const gateOf = (scope: string, kind: CallKind): CallGate => {
    const key = `${scope}/${kind}`;
    const { limit, throttleBackOffMs } = settings;
    const times = { timeoutMs: timeoutMs[kind], longestWaitMs: longestWaitMs[kind] };
    const options = { providerId, scope, kind, limit, throttleBackOffMs, ...times, readFailure };
    const gate = gates.get(key) ?? new CallGate(options, surroundings);
    gates.set(key, gate);
    return gate;
  };
  return {
    describeRegions: (signal) =>
      gateOf(settings.homeRegion, 'describe').call('DescribeRegions', signal, (limited) =>
        ec2.describeRegions(limited),
      ),

    describeInstances: (region, query, signal) =>
      gateOf(region, 'describe').call('DescribeInstances', signal, (limited) =>
        ec2.describeInstances(region, query, limited),
      ),

    terminateInstances: (region, instanceIds, signal) =>
      gateOf(region, 'terminate').call('TerminateInstances', signal, (limited) =>
        ec2.terminateInstances(region, instanceIds, limited),
      ),

    runInstances: (region, parameters, signal) =>
      launchCall(gateOf(region, 'run'), 'RunInstances', signal, mayHaveHappened, (limited) =>
        ec2.runInstances(region, parameters, limited),
      ),
  };
}

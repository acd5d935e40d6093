import { poolConfigProblems } from '#contract/pool-config-rules.ts';
import { reservedLaunchMembers } from '#contract/schemas/config-aws.ts';
import type { SchemaName } from '#contract/schemas/published.ts';
import type { JsonObject } from '#core/json.ts';
import type { PoolDefinition } from '#core/pool.ts';
import type { Provider } from '#core/provider.ts';
import type { ApiSettings } from './parts.ts';
import { refuseViolations, violationsOf } from './validate.ts';

/**
 * Checks the config of a pool against the schema of its provider's type and, when that holds, against what a schema cannot say (W23).
 * @param stored the pool as it is: what is wrong there already, in the same words, is tolerated. Asked only when something is wrong.
 * @throws {ApiError} InputValidationError with everything that is wrong.
 */
export async function refuseConfig(
  parts: {
    configSchemaOf: (providerType: string) => SchemaName | undefined;
    rootUrl: string;
    settings: Pick<ApiSettings, 'toleratesReservedMembers'>;
  },
  { providerType }: Pick<Provider, 'providerType'>,
  config: JsonObject,
  stored: () => Promise<PoolDefinition | null>,
): Promise<void> {
  const schema = parts.configSchemaOf(providerType);
  if (schema === undefined) throw new Error(`there is no config schema for providers of the type ${providerType}`);
  const violations = violationsOf(schema, config);
  const { toleratesReservedMembers } = parts.settings;
  refuseViolations(schema, toleratesReservedMembers ? withoutTolerated(violations) : violations, parts.rootUrl);
  if (poolConfigProblems(providerType, config).length === 0) return;
  const pool = await stored();
  const known = pool === null ? undefined : wholeConfig(pool);
  refuseViolations(schema, poolConfigProblems(providerType, config, known), parts.rootUrl);
}

/** A stored pool's config as it was sent. */
function wholeConfig({ config, launchConfigs }: PoolDefinition): JsonObject {
  return { ...config, launchConfigs: launchConfigs.map(({ configuration }) => configuration) };
}

const reservedMember = new RegExp(
  `^(data/launchConfigs/\\d+/launchConfig)/(?:${reservedLaunchMembers.join('|')}) must NOT be there$`,
);

/** Without complaints of reserved members where not all of them come together: the original let those through (W24). */
function withoutTolerated(violations: readonly string[]): readonly string[] {
  const reserved = Map.groupBy(violations, (violation) => reservedMember.exec(violation)?.[1]);
  return violations.filter((violation) => {
    const [, place] = reservedMember.exec(violation) ?? [];
    return place === undefined || reserved.get(place)?.length === reservedLaunchMembers.length;
  });
}

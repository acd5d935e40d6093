import type { ServiceAccount } from './account.ts';
import type { Cloud } from './cloud.ts';
import type { Instance } from './instance.ts';

/** What a program on the machine asked for. */
export interface TokenRequest {
  audience: string;
  /** `full` adds what is true of the machine. */
  format: 'standard' | 'full';
  hasLicenses: boolean;
}

const lifeSeconds = 3600;

/**
 * The claims of an instance's identity token
 * (https://cloud.google.com/compute/docs/instances/verifying-instance-identity, "Understanding the token's payload").
 */
export function identityClaims(
  instance: Instance,
  account: ServiceAccount,
  { audience, format, hasLicenses }: TokenRequest,
  cloud: Cloud,
): Readonly<Record<string, unknown>> {
  const iat = Math.floor(cloud.nowMs / 1000);
  return {
    aud: audience,
    azp: account.uniqueId,
    // Only the full format has it.
    ...(format === 'full' ? { email: account.email, email_verified: true } : {}),
    exp: iat + lifeSeconds,
    ...(format === 'full' ? { google: { compute_engine: computeEngine(instance, hasLicenses, cloud) } } : {}),
    iat,
    iss: 'https://accounts.google.com',
    sub: account.uniqueId,
  };
}

function computeEngine(
  { id, name, zone, createdMs }: Instance,
  hasLicenses: boolean,
  { project, projectNumber }: Cloud,
): Readonly<Record<string, unknown>> {
  return {
    instance_creation_timestamp: Math.floor(createdMs / 1000),
    instance_id: id,
    instance_name: name,
    // Public images of Debian have this one.
    license_id: hasLicenses ? ['1000205'] : undefined,
    project_id: project,
    project_number: Number(projectNumber),
    zone,
  };
}

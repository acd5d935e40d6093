/** How an instance is bought; each market has quotas and stock of its own. */
export type Market = 'on-demand' | 'spot' | 'capacity-block';

/**
 * EC2's quotas count vCPUs per group of instance families, per region, separately for each market: "Running On-Demand
 * Standard (A, C, D, H, I, M, R, T, Z) instances", "All G and VT Spot Instance Requests" and so on
 * (https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html). Letters that are not here have a quota
 * by themselves (F, P, X, DL, HPC, Mac …), or are newer than this table: then they are taken to have one, which at worst
 * asks once more than needed.
 */
const groups: Readonly<Record<string, string>> = {
  a: 'standard',
  c: 'standard',
  d: 'standard',
  h: 'standard',
  i: 'standard',
  im: 'standard',
  is: 'standard',
  m: 'standard',
  r: 'standard',
  t: 'standard',
  z: 'standard',
  g: 'g-vt',
  gr: 'g-vt',
  vt: 'g-vt',
  u: 'high-memory',
};

/** The quota group that instances of this type count against, e.g. `standard` for `m5d.4xlarge`, `g-vt` for `g4dn.xlarge`. */
export function quotaFamily(instanceType: string): string {
  const letters = /^[a-z]+/.exec(instanceType)?.[0] ?? 'other';
  return groups[letters] ?? letters;
}
